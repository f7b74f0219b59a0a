import { basename, extname } from "node:path";
import type { AgentMail } from "agentmail";
import type { WorkspaceFiles } from "../kit/workspace-files.ts";
import { MAIL_LIMITS } from "./limits.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".csv": "text/csv; charset=utf-8",
  ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  ".gif": "image/gif",
  ".html": "text/html; charset=utf-8",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".json": "application/json",
  ".m4a": "audio/mp4",
  ".md": "text/markdown; charset=utf-8",
  ".mp3": "audio/mpeg",
  ".mp4": "video/mp4",
  ".ogg": "audio/ogg",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  ".txt": "text/plain; charset=utf-8",
  ".wav": "audio/wav",
  ".webp": "image/webp",
  ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  ".zip": "application/zip",
};

/** Files of the agent's folder as attachments; nothing of their contents is looked at. */
export async function attachmentsOf(
  files: WorkspaceFiles,
  paths: readonly string[],
): Promise<AgentMail.SendAttachment[]> {
  const attachments: AgentMail.SendAttachment[] = [];
  for (const path of paths) {
    const content = await files.read(path, MAIL_LIMITS.attachmentMaxBytes);
    attachments.push({
      filename: basename(path),
      contentType: TYPES[extname(path).toLowerCase()] ?? "application/octet-stream",
      contentDisposition: "attachment",
      content: content.toString("base64"),
    });
  }
  return attachments;
}
