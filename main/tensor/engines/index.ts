import type { EngineDefinition } from './engine-definition.ts';
import { tensorflowEngine } from './tensorflow.ts';
import { wasmEngine } from './wasm.ts';
import { webgpuEngine } from './webgpu.ts';

/** Every compute engine, the most desirable first; `auto` prefers those that are on a GPU. */
export const engines: readonly EngineDefinition[] = [tensorflowEngine, webgpuEngine, wasmEngine];
