/** For whoever runs the agent and for the model alike. */
export const FFMPEG_MISSING =
  "ffmpeg is missing on this machine (Debian: apt-get install ffmpeg; macOS: brew install ffmpeg)";
