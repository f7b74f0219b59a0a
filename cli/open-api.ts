import { ApiClient } from "./api-client.ts";
import type { Context } from "./command.ts";
import { apiCredentials } from "./credentials.ts";

/** The gateway that this command line is for. */
export async function openApi(context: Context, state: string): Promise<ApiClient> {
  return new ApiClient(await apiCredentials(context, state));
}
