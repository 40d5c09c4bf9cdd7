// Reads a QR code (ISO/IEC 18004) from a picture, for browsers that have no reader of their own. Pictures in, text out.
//
// The way: dark and light by the surroundings of each pixel, the three finders by their 1:1:3:1:1, the fourth corner by the
// nearest alignment pattern, the modules by the perspective that these four fix, then the words with their errors mended.

import { decodeModules } from './qr_code.js';

const MOST_FINDERS = 12;

/** One byte a pixel, 1 for dark: darker than the middle of its surroundings. */
function binarize({ data, width, height }) {
  const sums = new Float64Array((width + 1) * (height + 1));
  const grey = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    let line = 0;
    for (let x = 0; x < width; x++) {
      const at = 4 * (y * width + x);
      line += grey[y * width + x] = (data[at] * 77 + data[at + 1] * 150 + data[at + 2] * 29) >> 8;
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + line;
    }
  }
  const reach = Math.max(8, Math.round(Math.max(width, height) / 12));
  const bits = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const top = Math.max(0, y - reach);
    const bottom = Math.min(height, y + reach + 1);
    for (let x = 0; x < width; x++) {
      const left = Math.max(0, x - reach);
      const right = Math.min(width, x + reach + 1);
      const sum = sums[bottom * (width + 1) + right] - sums[top * (width + 1) + right] - sums[bottom * (width + 1) + left] + sums[top * (width + 1) + left];
      bits[y * width + x] = grey[y * width + x] * (bottom - top) * (right - left) < sum * 0.94 - 4 ? 1 : 0;
    }
  }
  return { bits, width, height, at: (x, y) => (x >= 0 && y >= 0 && x < width && y < height ? bits[y * width + x] : 0) };
}

/** The module's size when five runs are as 1:1:3:1:1, else 0. */
function finderRatio(runs) {
  const total = runs[0] + runs[1] + runs[2] + runs[3] + runs[4];
  const module = total / 7;
  if (total < 7) return 0;
  const near = (run, modules) => Math.abs(run - modules * module) <= Math.max(1, modules * module * 0.5);
  return near(runs[0], 1) && near(runs[1], 1) && near(runs[2], 3) && near(runs[3], 1) && near(runs[4], 1) ? module : 0;
}

/** The runs through a dark point along a direction: the middle, and where its centre is. */
function cross(image, x, y, dx, dy) {
  const runs = [0, 0, 0, 0, 0];
  const walk = (sign) => {
    let step = sign > 0 ? 1 : 0;
    for (let i = 0, index = 2, dark = 1; i < 3; i++, index += sign, dark ^= 1) {
      for (; ; step++) {
        const px = Math.round(x + sign * dx * step);
        const py = Math.round(y + sign * dy * step);
        if (px < 0 || py < 0 || px >= image.width || py >= image.height || image.at(px, py) !== dark) break;
        runs[index]++;
      }
    }
    return step;
  };
  walk(-1);
  const before = runs[2];
  walk(1);
  return { module: finderRatio(runs), offset: (runs[2] - before) / 2 - before / 2 + 0.5 };
}

function findFinders(image) {
  const found = [];
  for (let y = 0; y < image.height; y += 1) {
    const runs = [0, 0, 0, 0, 0];
    let dark = 0;
    for (let x = 0; x <= image.width; x++) {
      if (x < image.width && image.at(x, y) === dark) {
        runs[4]++;
        continue;
      }
      if (dark === 1 && finderRatio(runs) > 0) note(image, found, x - runs[4] - runs[3] - runs[2] / 2, y);
      runs.shift();
      runs.push(1);
      dark ^= 1;
    }
  }
  return found.filter(({ count }) => count > 1).sort((a, b) => b.count - a.count).slice(0, MOST_FINDERS);
}

/** A candidate is looked at across and down again, and joined with those at its place. */
function note(image, found, x, y) {
  const down = cross(image, Math.floor(x), y, 0, 1);
  if (!down.module) return;
  const centre = y + down.offset;
  const across = cross(image, Math.floor(x), Math.round(centre - 0.5), 1, 0);
  if (!across.module || across.module > 2.5 * down.module || down.module > 2.5 * across.module) return;
  const point = { x: Math.floor(x) + across.offset, y: centre, module: (across.module + down.module) / 2, count: 1 };
  const same = found.find((other) => Math.hypot(other.x - point.x, other.y - point.y) < 2.5 * other.module);
  if (!same) {
    found.push(point);
    return;
  }
  for (const key of ['x', 'y', 'module']) same[key] = (same[key] * same.count + point[key]) / (same.count + 1);
  same.count++;
}

const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

/** Triples that could be the corners of a code, the likeliest first, as {topLeft, topRight, bottomLeft}. */
function triples(finders) {
  const list = [];
  for (let i = 0; i < finders.length; i++) {
    for (let j = i + 1; j < finders.length; j++) {
      for (let k = j + 1; k < finders.length; k++) {
        const [a, b, c] = [finders[i], finders[j], finders[k]];
        const [topLeft, one, two] = [[a, b, c], [b, a, c], [c, a, b]].sort((p, q) => distance(q[1], q[2]) - distance(p[1], p[2]))[0];
        const turn = (one.x - topLeft.x) * (two.y - topLeft.y) - (one.y - topLeft.y) * (two.x - topLeft.x);
        const [topRight, bottomLeft] = turn > 0 ? [one, two] : [two, one];
        const [across, down, far] = [distance(topLeft, topRight), distance(topLeft, bottomLeft), distance(topRight, bottomLeft)];
        const modules = [a, b, c].map(({ module }) => module);
        const cost = Math.abs(across - down) / Math.max(across, down) + Math.abs(far - Math.hypot(across, down)) / far
          + (Math.max(...modules) - Math.min(...modules)) / Math.max(...modules);
        if (cost < 1.2 && across > 10 * modules[0]) list.push({ topLeft, topRight, bottomLeft, cost });
      }
    }
  }
  return list.sort((a, b) => a.cost - b.cost).slice(0, 8);
}

/** The projection that takes four points to four others, as eight numbers; by elimination. */
function projection(from, to) {
  const rows = [];
  from.forEach(([u, v], i) => {
    const [x, y] = to[i];
    rows.push([u, v, 1, 0, 0, 0, -u * x, -v * x, x], [0, 0, 0, u, v, 1, -u * y, -v * y, y]);
  });
  for (let column = 0; column < 8; column++) {
    let best = column;
    for (let row = column + 1; row < 8; row++) if (Math.abs(rows[row][column]) > Math.abs(rows[best][column])) best = row;
    [rows[column], rows[best]] = [rows[best], rows[column]];
    if (Math.abs(rows[column][column]) < 1e-12) return null;
    for (let row = 0; row < 8; row++) {
      if (row === column) continue;
      const factor = rows[row][column] / rows[column][column];
      for (let i = column; i < 9; i++) rows[row][i] -= factor * rows[column][i];
    }
  }
  const m = rows.map((row, i) => row[8] / row[i]);
  return (u, v) => {
    const w = m[6] * u + m[7] * v + 1;
    return [(m[0] * u + m[1] * v + m[2]) / w, (m[3] * u + m[4] * v + m[5]) / w];
  };
}

/** The alignment pattern near a place: dark, ringed by light, ringed by dark; null when none is there. */
function findAlignment(image, at, expected, module) {
  let best = null;
  const reach = Math.round(6 * module);
  const step = Math.max(1, Math.round(module / 4));
  for (let dy = -reach; dy <= reach; dy += step) {
    for (let dx = -reach; dx <= reach; dx += step) {
      const [x, y] = [expected[0] + dx, expected[1] + dy];
      let score = 0;
      for (let row = -2; row <= 2; row++) {
        for (let column = -2; column <= 2; column++) {
          const [ax, ay] = at(column, row);
          const ring = Math.max(Math.abs(row), Math.abs(column));
          score += image.at(Math.round(x + ax), Math.round(y + ay)) === (ring === 1 ? 0 : 1) ? 1 : -1;
        }
      }
      score -= Math.hypot(dx, dy) / (4 * module);
      if (!best || score > best.score) best = { x, y, score };
    }
  }
  return best && best.score >= 15 ? refine(image, at, best) : null;
}

/** The middle of all the places from which the pattern looks as well. */
function refine(image, at, { x, y }) {
  let [sumX, sumY, count] = [0, 0, 0];
  const fits = (px, py) => [-2, -1, 0, 1, 2].every((row) => [-2, -1, 0, 1, 2].every((column) => {
    const [ax, ay] = at(column, row);
    return image.at(Math.round(px + ax), Math.round(py + ay)) === (Math.max(Math.abs(row), Math.abs(column)) === 1 ? 0 : 1);
  }));
  const reach = Math.ceil(Math.hypot(...at(1, 1)));
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      if (!fits(x + dx, y + dy)) continue;
      sumX += dx;
      sumY += dy;
      count++;
    }
  }
  return count ? { x: x + sumX / count, y: y + sumY / count } : { x, y };
}

function sample(image, size, { topLeft, topRight, bottomLeft }, corner) {
  const far = size - 3.5;
  const last = corner ? size - 6.5 : far;
  const fourth = corner ?? { x: topRight.x + bottomLeft.x - topLeft.x, y: topRight.y + bottomLeft.y - topLeft.y };
  const map = projection([[3.5, 3.5], [far, 3.5], [3.5, far], [last, last]], [topLeft, topRight, bottomLeft, fourth].map(({ x, y }) => [x, y]));
  if (!map) return null;
  const modules = new Uint8Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const [x, y] = map(column + 0.5, row + 0.5);
      modules[row * size + column] = image.at(Math.floor(x), Math.floor(y));
    }
  }
  return modules;
}

function readTriple(image, triple) {
  const { topLeft, topRight, bottomLeft } = triple;
  const module = (topLeft.module + topRight.module + bottomLeft.module) / 3;
  const guess = (distance(topLeft, topRight) + distance(topLeft, bottomLeft)) / 2 / module + 7;
  const nearest = Math.round((guess - 17) / 4);
  for (const step of [0, -1, 1, -2, 2]) {
    const version = nearest + step;
    const size = 17 + 4 * version;
    if (version < 1 || version > 40) continue;
    const across = [(topRight.x - topLeft.x) / (size - 7), (topRight.y - topLeft.y) / (size - 7)];
    const down = [(bottomLeft.x - topLeft.x) / (size - 7), (bottomLeft.y - topLeft.y) / (size - 7)];
    const at = (column, row) => [column * across[0] + row * down[0], column * across[1] + row * down[1]];
    const [dx, dy] = at(size - 10, size - 10);
    const corner = version > 1 ? findAlignment(image, at, [topLeft.x + dx, topLeft.y + dy], module) : null;
    for (const fourth of corner ? [corner, null] : [null]) {
      const modules = sample(image, size, triple, fourth);
      const text = modules && decodeModules(modules, version);
      if (text !== null && text !== undefined) return text;
    }
  }
  return null;
}

/** The text of the code in a picture ({data, width, height} of RGBA), null when none can be read. */
export function readQr(picture) {
  const image = binarize(picture);
  for (const triple of triples(findFinders(image))) {
    const text = readTriple(image, triple);
    if (text !== null) return text;
  }
  return null;
}
