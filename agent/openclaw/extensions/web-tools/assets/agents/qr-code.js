import { encode } from "./qr-encoder.js";

const SVG = "http://www.w3.org/2000/svg";
/** The quiet zone that the standard asks for, in modules. */
const BORDER = 4;

/**
 * Draws a text as a QR code, here in the browser: an invite is a key to the conversation and goes nowhere else.
 * @param {string} text at most 2,953 bytes
 * @param {string} label what it is, for people who do not see it
 * @returns {SVGSVGElement}
 */
export function qrCode(text, label) {
  const { size, data } = encode(text, { ecc: "M", border: BORDER });
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("shape-rendering", "crispEdges");
  const path = document.createElementNS(SVG, "path");
  const squares = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")));
  path.setAttribute("d", squares.join(""));
  path.setAttribute("fill", "#000000");
  svg.append(path);
  return svg;
}
