// From the modules of a QR code (ISO/IEC 18004) to its text: format, mask, blocks, Reed-Solomon, segments.

// By version 1 to 40, for each level in the order of the format bits M, L, H, Q: error correction bytes of a block, and blocks.
const BYTES = [
  '10,16,26,18,24,16,18,22,22,26,30,22,22,24,24,28,28,26,26,26,26,28,28,28,28,28,28,28,28,28,28,28,28,28,28,28,28,28,28,28',
  '7,10,15,20,26,18,20,24,30,18,20,24,26,30,22,24,28,30,28,28,28,28,30,30,26,28,30,30,30,30,30,30,30,30,30,30,30,30,30,30',
  '17,28,22,16,22,28,26,26,24,28,24,28,22,24,24,30,28,28,26,28,30,24,30,30,30,30,30,30,30,30,30,30,30,30,30,30,30,30,30,30',
  '13,22,18,26,18,24,18,22,20,24,28,26,24,20,30,24,28,28,26,30,28,30,30,30,30,28,30,30,30,30,30,30,30,30,30,30,30,30,30,30',
].map((line) => line.split(',').map(Number));
const BLOCKS = [
  '1,1,1,2,2,4,4,4,5,5,5,8,9,9,10,10,11,13,14,16,17,17,18,20,21,23,25,26,28,29,31,33,35,37,38,40,43,45,47,49',
  '1,1,1,1,1,2,2,2,2,4,4,4,4,4,6,6,6,6,7,8,8,9,9,10,12,12,12,13,14,15,16,17,18,19,19,20,21,22,24,25',
  '1,1,2,4,4,4,5,6,8,8,11,11,16,16,18,16,19,21,25,25,25,34,30,32,35,37,40,42,45,48,51,54,57,60,63,66,70,74,77,81',
  '1,1,2,2,4,4,6,6,8,8,8,10,12,16,12,17,16,18,21,20,23,23,25,27,29,34,34,35,38,40,43,45,48,51,53,56,59,62,65,68',
].map((line) => line.split(',').map(Number));

const MASKS = [
  (r, c) => (r + c) % 2 === 0, (r) => r % 2 === 0, (r, c) => c % 3 === 0, (r, c) => (r + c) % 3 === 0,
  (r, c) => (Math.floor(r / 2) + Math.floor(c / 3)) % 2 === 0, (r, c) => (r * c) % 2 + (r * c) % 3 === 0,
  (r, c) => ((r * c) % 2 + (r * c) % 3) % 2 === 0, (r, c) => ((r + c) % 2 + (r * c) % 3) % 2 === 0,
];

const bitCount = (number) => number.toString(2).replaceAll('0', '').length;

function formatBits(data) {
  let rest = data;
  for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  return ((data << 10) | rest) ^ 0x5412;
}

/** Level and mask: those whose code is nearest to one of the two copies; null beyond three wrong bits. */
function readFormat(at, size) {
  let [one, two] = [0, 0];
  for (let i = 0; i < 15; i++) {
    one |= (i < 6 ? at(i, 8) : i < 8 ? at(i + 1, 8) : i === 8 ? at(8, 7) : at(8, 14 - i)) << i;
    two |= (i < 8 ? at(8, size - 1 - i) : at(size - 15 + i, 8)) << i;
  }
  let best = { wrong: 4 };
  for (let data = 0; data < 32; data++) {
    const code = formatBits(data);
    const wrong = Math.min(bitCount(code ^ one), bitCount(code ^ two));
    if (wrong < best.wrong) best = { wrong, level: data >> 3, mask: data & 7 };
  }
  return best.wrong < 4 ? best : null;
}

function alignmentPositions(version) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = version === 32 ? 26 : Math.ceil((version * 4 + 4) / (count * 2 - 2)) * 2;
  return [6, ...Array.from({ length: count - 1 }, (_, i) => version * 4 + 10 - step * (count - 2 - i))];
}

/** True where a module is no data: finders, timing, alignment, format, version. */
function isFunction(version, size) {
  const positions = alignmentPositions(version);
  const last = positions.length - 1;
  return (row, column) => {
    if (row === 6 || column === 6) return true;
    if (row < 9 && (column < 9 || column >= size - 8)) return true;
    if (row >= size - 8 && column < 9) return true;
    if (version >= 7 && ((row < 6 && column >= size - 11) || (column < 6 && row >= size - 11))) return true;
    return positions.some((y, i) => Math.abs(row - y) < 3 && positions.some((x, j) => Math.abs(column - x) < 3
      && !((i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0))));
  };
}

/** The words in the order in which they were laid: in pairs of columns from the right, up and down by turns. */
function readWords(at, version, size, mask) {
  const skip = isFunction(version, size);
  const words = [];
  let [word, bits] = [0, 0];
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right--;
    for (let i = 0; i < size; i++) {
      const row = ((right + 1) & 2) === 0 ? size - 1 - i : i;
      for (const column of [right, right - 1]) {
        if (skip(row, column)) continue;
        word = (word << 1) | (at(row, column) ^ (MASKS[mask](row, column) ? 1 : 0));
        if (++bits % 8 === 0) {
          words.push(word);
          word = 0;
        }
      }
    }
  }
  return words;
}

const EXP = new Uint8Array(512);
const LOG = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i++) {
  EXP[i] = EXP[i + 255] = x;
  LOG[x] = i;
  x = (x << 1) ^ (x & 0x80 ? 0x11d : 0);
}
const times = (a, b) => (a && b ? EXP[LOG[a] + LOG[b]] : 0);
const inverse = (a) => EXP[255 - LOG[a]];

/** Mends a block in place (Berlekamp-Massey, Chien, Forney); false when there are too many errors. */
function mend(block, correction) {
  const syndromes = Array.from({ length: correction }, (_, i) => block.reduce((sum, byte) => times(sum, EXP[i]) ^ byte, 0));
  if (syndromes.every((syndrome) => syndrome === 0)) return true;
  let locator = [1];
  let previous = [1];
  for (let n = 0, length = 0, gap = 1, scale = 1; n < correction; n++) {
    let discrepancy = syndromes[n];
    for (let i = 1; i <= length; i++) discrepancy ^= times(locator[i] ?? 0, syndromes[n - i]);
    const before = [...locator];
    if (discrepancy !== 0) {
      const factor = times(discrepancy, inverse(scale));
      previous.forEach((value, i) => { locator[i + gap] = (locator[i + gap] ?? 0) ^ times(factor, value); });
      for (let i = 0; i < locator.length; i++) locator[i] ??= 0;
    }
    if (discrepancy !== 0 && 2 * length <= n) {
      [length, previous, scale, gap] = [n + 1 - length, before, discrepancy, 1];
    } else {
      gap++;
    }
  }
  while (locator.at(-1) === 0) locator.pop();
  const errors = locator.length - 1;
  const evaluator = syndromes.map((_, i) => locator.reduce((sum, value, j) => (j <= i ? sum ^ times(value, syndromes[i - j]) : sum), 0));
  let mended = 0;
  for (let position = 0; position < block.length; position++) {
    const root = EXP[(255 - position) % 255]; // the inverse of the place's number
    const value = (polynomial) => polynomial.reduceRight((sum, coefficient) => times(sum, root) ^ coefficient, 0);
    if (value(locator) !== 0) continue;
    const slope = locator.reduce((sum, coefficient, i) => (i % 2 ? sum ^ times(coefficient, i > 1 ? EXP[(LOG[root] * (i - 1)) % 255] : 1) : sum), 0);
    if (slope === 0) return false;
    block[block.length - 1 - position] ^= times(EXP[position % 255], times(value(evaluator), inverse(slope)));
    mended++;
  }
  return mended === errors && errors <= correction / 2;
}

/** The data of all blocks, mended; null when one can't be. */
function joinBlocks(words, level, version) {
  const correction = BYTES[level][version - 1];
  const count = BLOCKS[level][version - 1];
  const short = count - (words.length % count);
  const length = Math.floor(words.length / count);
  const blocks = Array.from({ length: count }, () => []);
  let at = 0;
  for (let i = 0; i <= length - correction; i++) {
    for (let block = i === length - correction ? short : 0; block < count; block++) blocks[block].push(words[at++]);
  }
  for (let i = 0; i < correction; i++) for (const block of blocks) block.push(words[at++]);
  if (!blocks.every((block) => mend(block, correction))) return null;
  return blocks.flatMap((block) => block.slice(0, -correction));
}

const SIGNS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const MODES = { 1: [10, 12, 14], 2: [9, 11, 13], 4: [8, 16, 16] }; // bits of the count, by size of the code

/** The segments' text; null for modes that no text of ours has (kanji), and for what breaks off. */
function readSegments(data, version) {
  const bytes = [];
  let at = 0;
  const take = (count) => {
    let value = 0;
    for (let i = 0; i < count; i++, at++) value = (value << 1) | ((data[at >> 3] >> (7 - (at & 7))) & 1);
    return value;
  };
  const put = (text) => { for (const character of text) bytes.push(character.charCodeAt(0)); };
  while (8 * data.length - at >= 4) {
    const mode = take(4);
    if (mode === 0) break;
    if (mode === 7) { // a character set: we read UTF-8, as everybody writes
      take(8);
      continue;
    }
    if (!MODES[mode]) return null;
    let count = take(MODES[mode][version < 10 ? 0 : version < 27 ? 1 : 2]);
    if (mode === 4) for (; count > 0; count--) bytes.push(take(8));
    if (mode === 2) for (; count > 1; count -= 2) {
      const pair = take(11);
      put((SIGNS[Math.floor(pair / 45)] ?? '') + SIGNS[pair % 45]);
    }
    if (mode === 2 && count) put(SIGNS[take(6)] ?? '');
    if (mode === 1) for (; count > 0; count -= 3) {
      const digits = Math.min(3, count);
      put(String(take([0, 4, 7, 10][digits])).padStart(digits, '0'));
    }
    if (at > 8 * data.length) return null;
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/** `modules`: rows of 1 for dark, of a code of that version (1 to 40). Null when they are no code. */
export function decodeModules(modules, version) {
  const size = 17 + 4 * version;
  const at = (row, column) => modules[row * size + column];
  const format = readFormat(at, size);
  if (!format) return null;
  const data = joinBlocks(readWords(at, version, size, format.mask), format.level, version);
  return data && readSegments(data, version);
}
