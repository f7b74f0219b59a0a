/** The largest file that is opened as a picture. */
export const PICTURE_MAX_BYTES = 50 * 1_024 * 1_024;
/** Of what is opened and of what is made; 48 megapixels is what the largest cameras of phones give. */
export const PICTURE_MAX_PIXELS = 50_000_000;
/** Of what is made: no format that is written here has a lower limit. */
export const PICTURE_MAX_SIDE = 16_000;
/** The largest file that is written: what can be sent in a conversation. */
export const OUTPUT_MAX_BYTES = 25 * 1_024 * 1_024;
export const STEPS_MAX = 20;

export const COMBINED_MAX_PICTURES = 12;
/** All of them together, once combined; larger ones are made smaller. */
export const COMBINED_MAX_PIXELS = 24_000_000;

export const DRAWN_TEXT_MAX_CHARS = 500;

/** Longest side of a picture that the model looks at in a tool's result; providers scale down what is larger. */
export const LOOK_MAX_SIDE = 1_568;
/** Longest side of a picture in a person's message. */
export const MESSAGE_MAX_SIDE = 2_048;

/** Letters are read best at some 30 px: small pictures are made larger and huge ones smaller. */
export const OCR_MIN_SIDE = 1_800;
export const OCR_MAX_SIDE = 4_000;
export const OCR_MAX_ENLARGEMENT = 3;
export const OCR_TEXT_MAX_CHARS = 20_000;

/** AVIF of 24 megapixels takes half a minute. */
export const PICTURE_TIMEOUT_MS = 90_000;
/** A full page takes 5 to 15 seconds on one core. */
export const OCR_TIMEOUT_MS = 150_000;
/** 50 megapixels as HEIC, whose decoder holds them several times over, do not fit into less. */
export const PICTURE_MAX_RSS_BYTES = 1_536 * 1_024 * 1_024;
