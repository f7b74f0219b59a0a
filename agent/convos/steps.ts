export interface StepFailure<Name extends string> {
  readonly step: Name;
  readonly error: unknown;
}

/**
 * Takes the steps in their order. One that fails does not stop the next, and none holds it up for over `timeoutMs`.
 * Returns the steps that failed or took too long.
 */
export async function takeSteps<Name extends string>(
  timeoutMs: number,
  steps: readonly (readonly [Name, () => Promise<unknown>])[],
): Promise<StepFailure<Name>[]> {
  const failures: StepFailure<Name>[] = [];
  for (const [step, take] of steps) {
    const timeout = Promise.withResolvers<never>();
    const timer = setTimeout(() => timeout.reject(new Error(`${step} took over ${timeoutMs} ms`)), timeoutMs);
    try {
      await Promise.race([take(), timeout.promise]);
    } catch (error) {
      failures.push({ step, error });
    } finally {
      clearTimeout(timer);
    }
  }
  return failures;
}
