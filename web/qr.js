// Texts for another device, as QR codes: shown, to be copied and shared; read, from the camera or a picture, by the browser's
// own reader where there is one, else by the node.

import { announce, button, element, openDialog, problemLine } from './dom.js';
import { api, qrAddress } from './node.js';

const DONE_MS = 2500;

const MOST_PIXELS = 1000000; // what the node takes
const LOOK_EVERY_MS = 150;

/** Says which of the words tells what came of it. */
export async function copy(text, source) {
  try {
    await navigator.clipboard.writeText(text);
    return 'copied';
  } catch {
    getSelection().selectAllChildren(source); // for Ctrl+C by hand
    return 'copy_failed';
  }
}

export function createSharing(t, { text, description, copyLabel }) {
  const code = element('code', { class: 'code', tabindex: 0, 'aria-label': description }, text);
  const copying = button(copyLabel, async () => {
    const words = t(await copy(text, code));
    copying.textContent = words;
    announce(words);
    setTimeout(() => { copying.textContent = copyLabel; }, DONE_MS);
  });
  return element('div', {}, element('img', { class: 'qr', alt: t('qr.of', { what: description }), src: qrAddress(text) }), code,
    element('div', { class: 'actions' }, navigator.share && button(t('share'), () => navigator.share({ text }).catch(() => {})), copying));
}

function greysOf(picture, canvas) {
  const width = picture.videoWidth ?? picture.width;
  const height = picture.videoHeight ?? picture.height;
  const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (width * height)));
  canvas.width = Math.max(1, Math.floor(width * scale));
  canvas.height = Math.max(1, Math.floor(height * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.fillStyle = '#fff'; // for what can be seen through
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return Uint8Array.from({ length: data.length / 4 }, (_, i) => (data[4 * i] * 77 + data[4 * i + 1] * 150 + data[4 * i + 2] * 29) >> 8);
}

/** From a picture to the texts of the codes in it. */
async function createReader() {
  const formats = await globalThis.BarcodeDetector?.getSupportedFormats?.().catch(() => []) ?? [];
  if (formats.includes('qr_code')) {
    const detector = new BarcodeDetector({ formats: ['qr_code'] });
    return async (picture) => (await detector.detect(picture)).map(({ rawValue }) => rawValue);
  }
  const canvas = document.createElement('canvas');
  return (picture) => api.readQr(greysOf(picture, canvas), canvas);
}

export function createScanButtons(t, { prefixes, onFound }) {
  const problem = problemLine();
  const fits = (texts) => texts.map((text) => text.trim()).find((text) => prefixes.some((prefix) => text.startsWith(prefix)));

  function found(text) {
    problem.textContent = '';
    announce(t('scan.found'));
    onFound(text);
  }

  async function readFile(file) {
    problem.textContent = '';
    try {
      const texts = await (await createReader())(await createImageBitmap(file));
      if (fits(texts)) found(fits(texts));
      else problem.textContent = t(texts.length ? 'scan.other' : 'scan.nothing');
    } catch {
      problem.textContent = t('scan.no_picture');
    }
  }

  async function openCamera() {
    problem.textContent = '';
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment', width: { ideal: 1280 } } });
    } catch (error) {
      problem.textContent = t(error.name === 'NotAllowedError' ? 'scan.forbidden' : 'scan.no_camera');
      return;
    }
    const video = element('video', { playsinline: true, muted: true, 'aria-label': t('scan.title') });
    const hint = element('p', { class: 'hint', role: 'status' }, t('scan.hint'));
    let open = true;
    video.muted = true;
    video.srcObject = stream;
    const stop = () => { open = false; stream.getTracks().forEach((track) => track.stop()); };
    const close = openDialog({ title: t('scan.title'), t, onClose: stop }, () => [video, hint]);
    try {
      const read = await createReader();
      await video.play();
      while (open) {
        const texts = await read(video);
        if (fits(texts)) {
          close();
          found(fits(texts));
        } else if (texts.length) {
          hint.textContent = t('scan.other');
        }
        await new Promise((resolve) => { setTimeout(resolve, LOOK_EVERY_MS); });
      }
    } catch {
      if (open) hint.textContent = t('scan.no_camera');
    }
  }

  const onchange = () => {
    if (file.files[0]) readFile(file.files[0]);
    file.value = '';
  };
  const file = element('input', { type: 'file', accept: 'image/*', class: 'unseen', tabindex: -1, 'aria-label': t('scan.file'), onchange });
  return element('div', { class: 'scan' },
    navigator.mediaDevices && button(t('scan.camera'), openCamera), button(t('scan.file'), () => file.click()), file, problem);
}
