/** Folder of an installed TensorFlow for tests, as `engine install tensorflow` leaves it; CI installs one from a wheel. */
export const tensorflowFolder = process.env['TENSORFLOW_FOR_TESTS'];

/** Ends the names of tests that need it. */
export const withoutTensorflow =
  tensorflowFolder === undefined ? ' (skipped: TENSORFLOW_FOR_TESTS names no installation)' : '';

/** Runs `action` with variables of this process's environment set, undefined for none, and puts them back. */
export async function withEnvironment<T>(
  variables: Readonly<Record<string, string | undefined>>,
  action: () => T | Promise<T>,
): Promise<T> {
  const before = Object.fromEntries(Object.keys(variables).map((name) => [name, process.env[name]]));
  const set = (values: Readonly<Record<string, string | undefined>>) => {
    for (const [name, value] of Object.entries(values))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  };
  set(variables);
  try {
    return await action();
  } finally {
    set(before);
  }
}
