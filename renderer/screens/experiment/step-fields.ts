import type { FormField } from '../../../shared/domain/form.ts';
import type { FormModel } from '../../components/form/form-model.ts';

/** Parameters of tasks that are about the test: set in the step of the evaluation. */
export const inEvaluation = ['clean_test_weight', 'max_test_size'];

/** Returns the parameters of an experiment; none until the definitions are loaded. */
export function experimentFields(form: FormModel, experiment: string): readonly FormField[] {
  return form.definitions('experiment').find(({ id }) => id === experiment)?.fields ?? [];
}

/** One parameter of an experiment. */
export function fieldOf(form: FormModel, experiment: string, key: string): FormField | undefined {
  return experimentFields(form, experiment).find((field) => field.key === key);
}
