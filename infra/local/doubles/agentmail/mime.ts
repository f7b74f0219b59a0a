import type { MessageRecord } from "./records.ts";

/** The message in the form of RFC 5322, each part in base64. */
export function mimeOf(message: MessageRecord): string {
  const boundary = `part-${message.position}`;
  const head = [
    `From: ${message.from}`,
    `To: ${message.to.join(", ")}`,
    ...(message.cc ? [`Cc: ${message.cc.join(", ")}`] : []),
    ...(message.subject === undefined ? [] : [`Subject: ${message.subject}`]),
    `Date: ${new Date(message.timestamp).toUTCString()}`,
    `Message-ID: ${message.message_id}`,
    ...(message.in_reply_to === undefined ? [] : [`In-Reply-To: ${message.in_reply_to}`]),
    ...(message.references ? [`References: ${message.references.join(" ")}`] : []),
    "MIME-Version: 1.0",
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
  ];
  const parts = [
    ...(message.text === undefined ? [] : [part("text/plain; charset=utf-8", base64(message.text))]),
    ...(message.html === undefined ? [] : [part("text/html; charset=utf-8", base64(message.html))]),
    ...message.attachments.map(({ content_type = "application/octet-stream", filename = "", content }) =>
      part(content_type, content, [`Content-Disposition: attachment; filename="${filename}"`]),
    ),
  ];
  const body = parts.map((text) => `--${boundary}\r\n${text}\r\n`).join("");
  return `${head.join("\r\n")}\r\n\r\n${body}--${boundary}--\r\n`;
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

function part(contentType: string, content: string, headers: string[] = []): string {
  const head = [`Content-Type: ${contentType}`, "Content-Transfer-Encoding: base64", ...headers];
  return `${head.join("\r\n")}\r\n\r\n${content.replace(/(.{76})/g, "$1\r\n")}`;
}
