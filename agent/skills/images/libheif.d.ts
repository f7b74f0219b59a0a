/** The part of libheif's Emscripten build that is used; the package has no declarations for this entry. */
declare module "libheif-js/wasm-bundle.js" {
  /** Things of the library's own memory. */
  interface HeifContext {
    readonly context: unique symbol;
  }
  export interface HeifHandle {
    readonly handle: unique symbol;
  }
  interface HeifImage {
    readonly image: unique symbol;
  }
  interface HeifConstant {
    readonly constant: unique symbol;
  }
  /** The value of success is 0. */
  interface HeifError {
    code: { value: number };
  }
  export interface HeifPlane {
    width: number;
    height: number;
    /** Bytes from the beginning of one row to the next. */
    stride: number;
    /** A view of the library's memory. */
    data: Uint8Array;
  }
  interface Libheif {
    heif_context_alloc(): HeifContext;
    heif_context_read_from_memory(context: HeifContext, bytes: Uint8Array): HeifError;
    heif_context_free(context: HeifContext): void;
    heif_js_context_get_primary_image_handle(context: HeifContext): HeifHandle | HeifError;
    heif_image_handle_get_width(handle: HeifHandle): number;
    heif_image_handle_get_height(handle: HeifHandle): number;
    heif_image_handle_has_alpha_channel(handle: HeifHandle): number;
    heif_image_handle_release(handle: HeifHandle): void;
    heif_js_decode_image2(
      handle: HeifHandle,
      colorspace: HeifConstant,
      chroma: HeifConstant,
    ): { image: HeifImage; channels: readonly HeifPlane[] } | HeifError;
    heif_image_release(image: HeifImage): void;
    heif_colorspace: { heif_colorspace_RGB: HeifConstant };
    heif_chroma: { heif_chroma_interleaved_RGB: HeifConstant; heif_chroma_interleaved_RGBA: HeifConstant };
  }
  const libheif: Libheif;
  export default libheif;
}
