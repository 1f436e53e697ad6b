export { addDoubles, gramDoubles, gramPack, gramRows, gramTiles, packedDoubles } from './gram';
export { matMulTransposed, packRight, packedLeftDoubles, packedRightDoubles } from './mat-mul';
export { packForm, quadraticForms } from './quadratic-forms';
export { cholesky } from './cholesky';
export { eigenScratchDoubles, eigenVectorDoubles, orderVectors, symmetricEigen } from './eigen';
