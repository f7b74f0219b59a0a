/** A hook for routes whose body has no required field: it may then be left out altogether. */
export async function fillBody(request: { body: unknown }): Promise<void> {
  request.body ??= {};
}
