/** The files of the agent's folder, which the model knows by paths relative to it. Every call throws ToolError with the reason. */
export interface WorkspaceFiles {
  /** The folder itself; the working directory of workers. */
  readonly dir: string;
  /** Reads a whole file; one that is larger than `maxBytes` is refused. */
  read(path: string, maxBytes: number): Promise<Buffer>;
  /** Writes a new file and returns its path; when the name is taken, a number is put behind it. Folders are made. */
  write(path: string, content: Uint8Array): Promise<string>;
}
