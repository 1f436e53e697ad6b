export { gramDoubles, gramPack, gramRows, gramTiles, packedDoubles } from './gram';
export { halfFloats, halfIsFit, halfPack, halfPackBytes, halfTiles } from './half-gram';
export { matMulTransposed, packRight, packedLeftDoubles, packedRightDoubles } from './mat-mul';
export { packForm, quadraticForms } from './quadratic-forms';
export { cholesky } from './cholesky';
export { accumulateReflectors, tridiagonalise } from './tridiagonal';
export {
  applyRotations, eigenScratchDoubles, eigenVectorDoubles, orderVectors, qlBegin, qlRounds, sweepsLeft,
} from './eigen';
export { rowDistances } from './row-distances';
