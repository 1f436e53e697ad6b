import { startEngine } from './main/tensor/engine.ts';
console.log((await startEngine('wasm')).threads);
