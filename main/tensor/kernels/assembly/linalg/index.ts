export { columnMeans, gram, gramScratchBytes } from './gram';
export { matMulTransposed, packRows } from './mat-mul';
export { packForm, quadraticForms } from './quadratic-forms';
export { cholesky } from './cholesky';
export { eigenScratchDoubles, eigenVectorDoubles, orderVectors, symmetricEigen } from './eigen';
