// A photo on its way: made smaller, with what its camera said of time and place kept in it.
const LONGEST = 1600;
const QUALITY = 0.85;
const HEAD = 256 * 1024;
const AS_IT_IS = /^image\/hei[cf]$/;

/** Return {blob, digest, size, type} of a chosen file. Throws where it is no picture. */
export async function prepare(file) {
  const blob = await smaller(file);
  const bytes = await blob.arrayBuffer();
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  const digest = [...new Uint8Array(hash)].map((one) => one.toString(16).padStart(2, "0")).join("");
  return { blob, digest, size: blob.size, type: blob.type };
}

async function smaller(file) {
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch (error) {
    if (AS_IT_IS.test(file.type)) return file; // this browser cannot read it; the server can
    throw error;
  }
  const scale = LONGEST / Math.max(picture.width, picture.height);
  if (scale >= 1 && /^image\/(jpeg|png|webp)$/.test(file.type)) return file;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * Math.min(scale, 1));
  canvas.height = Math.round(picture.height * Math.min(scale, 1));
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const drawn = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  const said = exifOf(new Uint8Array(await file.slice(0, HEAD).arrayBuffer()));
  if (!said) return drawn;
  // What the camera said comes right after the beginning of the file.
  return new Blob([drawn.slice(0, 2), said, drawn.slice(2)], { type: "image/jpeg" });
}

/** The EXIF segment of a JPEG, said to stand upright, or null. */
export function exifOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return null;
  for (let at = 2; at + 10 < bytes.length && bytes[at] === 0xff; ) {
    const length = view.getUint16(at + 2);
    const found = bytes[at + 1] === 0xe1 && view.getUint32(at + 4) === 0x45786966;
    if (found && at + 2 + length <= bytes.length) return upright(bytes.slice(at, at + 2 + length));
    if (bytes[at + 1] === 0xda) return null;
    at += 2 + length;
  }
  return null;
}

function upright(segment) {
  // Marker, length, "Exif\0\0", then TIFF: what is drawn is turned already.
  const view = new DataView(segment.buffer, 10);
  const little = view.getUint16(0) === 0x4949;
  const first = view.getUint32(4, little);
  if (first + 2 > view.byteLength) return segment;
  const count = view.getUint16(first, little);
  for (let n = 0; n < count; n += 1) {
    const at = first + 2 + 12 * n;
    if (at + 12 > view.byteLength) break;
    if (view.getUint16(at, little) === 0x0112) view.setUint16(at + 8, 1, little);
  }
  return segment;
}
