// The pictures on buttons and marks, of our own drawing: lines in a square of 24.

const SHAPES = {
  alert: 'M12 4 2.8 20h18.4zM12 10v5M12 17.6v.2',
  attachment: 'm19 11-7.5 7.5a4.6 4.6 0 0 1-6.5-6.5L13 4a3 3 0 0 1 4.300 4.300L9.400 16.200a1.500 1.500 0 0 1-2.200-2.200L14 7.300',
  back: 'M15 5l-7 7 7 7',
  check: 'M5 12.500l4.500 4.500L19 7.500',
  checks: 'M2 12.500l4.500 4.500L15 8.500M11.500 16l1 1L22 7.500',
  clock: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 8v4.500l3 1.700',
  close: 'M6 6l12 12M18 6L6 18',
  down: 'M12 5v14M6 13l6 6 6-6',
  gear: 'M4 7h9M18 7h2M4 17h2M11 17h9M15.500 4.500v5M8.500 14.500v5',
  invite: 'M10 4.500a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7zM3.500 20c0-4 2.500-6 6.500-6 1.500 0 2.800.300 3.800.800M18 14v6M15 17h6',
  people: 'M9 4.500a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7zM2.500 20c0-4 2.500-6 6.500-6s6.500 2 6.500 6M15.500 4.800a3.500 3.500 0 0 1 0 6.400M18 14.500c2.300.700 3.500 2.500 3.500 5.500',
  search: 'M10.500 4a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13zM15.500 15.500L20.500 20.500',
  send: 'M4 12l16-8-5 16-3.500-6.500zM11.500 13.500L20 4',
};

const SVG = 'http://www.w3.org/2000/svg';

/** Decoration alone: the button or mark around it has the words. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', SHAPES[name]);
  svg.append(path);
  return svg;
}
