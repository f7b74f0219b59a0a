import { ERRORS } from "../../domain/errors.ts";
import { markdownTable } from "./markdown-table.ts";

/** `docs/reference/errors.md`. */
export function errorsDocument(): string {
  const rows = Object.entries(ERRORS).map(([code, { status, retryable, title, hint }]) => [
    `\`${code}\``,
    String(status),
    retryable ? "yes" : "no",
    title,
    hint,
  ]);
  return `# Errors

Made from \`domain/errors.ts\`; \`npx vitest run infra/reference -u\` writes it anew.

The gateway answers an error with a problem document (RFC 9457, \`application/problem+json\`): \`type\`
(\`urn:convos-agents:error:<code>\`), \`title\`, \`status\`, \`code\`, \`retryable\`, \`hint\`, \`instance\` and, where it helps,
\`detail\`. \`detail\` names fields, parts and ids, never values. Retryable problems carry \`Retry-After\`.

${markdownTable(["code", "status", "retryable", "title", "what to do"], rows)}
`;
}
