export function drawEvaluation(_folder: string, _e: unknown): void {}
export function drawTrainingCurve(_folder: string, _e: unknown): void {}
