/** The largest payload that is downloaded or opened, in bytes. */
export const FILE_MAX_BYTES = 25 * 1024 * 1024;
/** Larger pictures are not handed to a model. */
export const IMAGE_MAX_BYTES = 10 * 1024 * 1024;
/** A picture of few bytes may still unfold to more pixels than anybody can hold in memory. */
export const IMAGE_MAX_PIXELS = 50_000_000;
/** What the model reads of one document. */
export const TEXT_MAX_CHARS = 24_000;
export const PDF_MAX_PAGES = 200;
export const SHEETS_MAX = 30;
export const SHEET_MAX_ROWS = 1_000;
/** What a packed document may unfold to, all parts together. */
export const UNPACKED_MAX_BYTES = 64 * 1024 * 1024;
export const UNPACKED_MAX_ENTRIES = 5_000;
/** XML packs about 10 to 1 and at best some 100 to 1; deflate reaches 1,000 to 1 where there is nothing but repetition. */
export const UNPACKED_MAX_RATIO = 200;
/** Small parts may have any ratio: they do no harm. */
export const RATIO_FREE_BYTES = 1024 * 1024;

export const DOWNLOAD_TIMEOUT_MS = 20_000;
export const REDIRECTS_MAX = 3;
export const EXTRACTION_TIMEOUT_MS = 20_000;
export const EXTRACTION_HEAP_MB = 256;
/** The heap and all that lies outside of it. Node itself takes about 70 MB. */
export const EXTRACTION_MAX_RSS_BYTES = 512 * 1024 * 1024;
/** Files that are read at the same time; each may have a child process. */
export const READS_MAX = 2;
/** More than these wait for their turn; what comes beyond is told that we are busy. */
export const READS_WAITING_MAX = 40;
