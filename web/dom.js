// What views are made of. Text is always text: nothing here ever parses HTML.

let ids = 0;

const TOLD_MS = 5000;

/** element('p', {class: 'hint', onclick: f}, 'Text'): attributes, listeners (on…), children. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  if (tag === 'button') node.type = 'button';
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return node;
}

export const button = (words, onclick, attributes = {}) => element('button', { onclick, ...attributes }, words);

export const iconButton = (name, label, onclick, more = '') => button(icon(name), onclick, { class: `icon-button ${more}`, 'aria-label': label, title: label });

/** Set apart, so that its direction of writing changes nothing around it. */
export const isolated = (text, attributes = {}) => element('bdi', attributes, text);

/** In pieces: plain, found, plain, found, … */
export const marked = (pieces) => pieces.map((piece, index) => (index % 2 ? element('mark', {}, piece) : piece));

/** Marks in what was drawn of a text the ranges [begin, end) of that text. Parts of it may be left out in the drawing. */
export function markIn(node, text, ranges) {
  const leaves = [];
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) leaves.push(walker.currentNode);
  let at = 0;
  for (const leaf of leaves) {
    const pieces = [''];
    for (const unit of leaf.data.split('')) {
      at = Math.max(at, text.indexOf(unit, at));
      const isFound = ranges.some(([begin, end]) => begin <= at && at < end);
      if (isFound === (pieces.length % 2 === 1)) pieces.push('');
      pieces[pieces.length - 1] += unit;
      at++;
    }
    if (pieces.length > 1) leaf.replaceWith(...marked(pieces));
  }
}

/** Makes these the parent's children, and touches only what differs: what is moved loses its focus and its open menu. */
export function arrange(parent, children) {
  const kept = new Set(children);
  for (const child of [...parent.childNodes]) if (!kept.has(child)) child.remove();
  let at = parent.firstChild;
  for (const child of children) {
    if (child === at) at = at.nextSibling;
    else parent.insertBefore(child, at);
  }
}

/** However often the result is called, `render` runs once, before the next frame. */
export function inNextFrame(render) {
  let scheduled = false;
  return () => {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => { scheduled = false; render(); });
  };
}

export function announce(text) {
  const announcer = document.getElementById('announcer');
  announcer.append(element('div', {}, text));
  while (announcer.childElementCount > 3) announcer.firstChild.remove();
}

/** Aloud, and for a while to be seen, above whatever is open. */
export function tell(text) {
  announce(text);
  const view = element('div', { class: 'toast', popover: 'manual', 'aria-hidden': 'true' }, text);
  document.body.append(view);
  view.showPopover();
  setTimeout(() => view.remove(), TOLD_MS);
}

/** Enter and Escape belong to an input method while it composes; one browser says so by 229 alone. */
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

const typed = new Map(); // a dialog's title -> what was entered when it was left by accident: label -> value
const labelOf = (field) => field.labels[0]?.textContent;

const isOutside = (dialog, { clientX: x, clientY: y }) => {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return x < left || x > right || y < top || y > bottom;
};

/** Opens a modal dialog; `build(close)` gives what is in it. Returns close(). The browser gives back the focus.
 *  What is left by a click beside it or by Esc is there again when it is opened the next time, unless it `forgets`
 *  or the text there is the program's. */
export function openDialog({ title, t, forgets = false, onClose = () => {} }, build) {
  const id = `dialog-${++ids}`;
  const fields = () => [...dialog.querySelectorAll('textarea, form select, input:not([type="file"], [type="checkbox"])')];
  const close = () => dialog.close();
  const filled = new Map(); // field -> what the program wrote there
  const isEntered = (field) => field.value !== (filled.get(field) ?? '');
  const keep = () => { if (!forgets) typed.set(title, new Map(fields().filter(isEntered).map((field) => [labelOf(field), field.value]))); };
  let pressedOutside = false; // a text that is selected with the mouse may end there
  const dialog = element('dialog', {
    'aria-labelledby': id,
    onpointerdown: (event) => { pressedOutside = isOutside(dialog, event); },
    onclick: (event) => {
      if (event.target !== dialog || !pressedOutside) return;
      keep();
      close();
    },
    oncancel: (event) => { if (event.target === dialog) keep(); }, // a file's, too, comes by here
    onclose: () => {
      onClose();
      dialog.remove();
    },
  }, element('header', {}, element('h2', { id }, title), iconButton('close', t('close'), close)));
  dialog.append(...build(close));
  document.body.append(dialog);
  dialog.showModal();
  const before = typed.get(title);
  typed.delete(title);
  for (const field of fields()) {
    filled.set(field, field.value);
    const value = before?.get(labelOf(field));
    if (value === undefined || (field.value && field.tagName !== 'SELECT')) continue;
    field.value = value;
    field.closest('details')?.setAttribute('open', '');
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.dispatchEvent(new Event('change', { bubbles: true }));
  }
  return close;
}

/** As by Esc. */
export function leaveDialogs() {
  for (const dialog of document.querySelectorAll('dialog[open]')) {
    dialog.dispatchEvent(new Event('cancel'));
    dialog.close();
  }
}

/** Closes a menu that is left: by a press elsewhere, or as the focus goes on. A press alone need not move the focus to what is pressed. */
export function closeWhenLeft(menu, close) {
  const press = ({ target }) => { if (!menu.contains(target)) close(); };
  menu.addEventListener('toggle', ({ newState }) => document[newState === 'open' ? 'addEventListener' : 'removeEventListener']('pointerdown', press));
  menu.addEventListener('focusout', ({ relatedTarget }) => { if (relatedTarget && !menu.contains(relatedTarget)) close(); });
}

export const hint = (words) => element('p', { class: 'hint' }, words);

export const problemLine = () => element('p', { class: 'problem', role: 'alert' });

/** A form that says what went wrong, by t.problem(error, place), and can't be sent twice. */
export function createForm({ action, danger = false, submit, t, place }, ...fields) {
  const problem = problemLine();
  const send = element('button', { class: danger ? 'danger' : 'primary', type: 'submit' }, action);
  const form = element('form', {
    onsubmit: async (event) => {
      event.preventDefault();
      problem.textContent = '';
      send.disabled = true;
      form.setAttribute('aria-busy', 'true');
      try {
        await submit();
      } catch (error) {
        problem.textContent = t.problem(error, place);
      }
      form.removeAttribute('aria-busy');
      send.disabled = false;
    },
  }, ...fields, problem, element('div', { class: 'actions' }, send));
  return { form, send };
}

export function labelled(label, control, more) {
  const id = `field-${++ids}`;
  control.id = id;
  if (more) control.setAttribute('aria-describedby', `${id}-hint`);
  return element('div', { class: 'field' }, element('label', { for: id }, label), control, more && element('p', { class: 'hint', id: `${id}-hint` }, more));
}

export const codeField = (rows, attributes = {}) => element('textarea', { rows, spellcheck: 'false', autocomplete: 'off', ...attributes });

export const select = (choices, chosen) => element('select', {}, choices.map(([value, text]) => element('option', { value, selected: value === chosen }, text)));

// Of our own drawing: lines in a square of 24.
const SHAPES = {
  alert: 'M12 4 2.8 20h18.4zM12 10v5M12 17.6v.2',
  attachment: 'm19 11-7.5 7.5a4.6 4.6 0 0 1-6.5-6.5L13 4a3 3 0 0 1 4.3 4.3L9.4 16.2a1.5 1.5 0 0 1-2.2-2.2L14 7.3',
  back: 'M15 5l-7 7 7 7',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  checks: 'M2 12.5l4.5 4.5L15 8.5M11.5 16l1 1L22 7.5',
  clock: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 8v4.5l3 1.7',
  close: 'M6 6l12 12M18 6L6 18',
  copy: 'M9 8h10v12H9zM15 8V4H5v12h4',
  down: 'M12 5v14M6 13l6 6 6-6',
  edit: 'M4 20l1-4.5L16.5 4l3.5 3.5L8.5 19zM14 6.5l3.5 3.5',
  gear: 'M4 7h9M18 7h2M4 17h2M11 17h9M15.5 4.5v5M8.5 14.5v5',
  invite: 'M10 4.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM3.5 20c0-4 2.5-6 6.5-6 1.5 0 2.8.3 3.8.8M18 14v6M15 17h6',
  lock: 'M5.5 10.5h13v10h-13zM8.5 10.5V7a3.5 3.5 0 0 1 7 0v3.5M12 14.5v2',
  more: 'M12 5v.1M12 12v.1M12 19v.1',
  mute: 'M6 16.5h12l-1.5-2.5v-3.5a4.5 4.5 0 0 0-9 0V14zM10.5 19.5h3M4 4l16 16',
  pin: 'M9 4h6l-.7 6.2 2.7 2.8H7l2.7-2.8zM12 13v7.5',
  people: 'M9 4.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM2.5 20c0-4 2.5-6 6.5-6s6.5 2 6.5 6M15.5 4.8a3.5 3.5 0 0 1 0 6.4M18 14.5c2.3.7 3.5 2.5 3.5 5.5',
  reply: 'M10 6l-6 6 6 6M4 12h10c4 0 6 2.5 6 6',
  search: 'M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5L20.5 20.5',
  send: 'M4 12l16-8-5 16-3.5-6.5zM11.5 13.5L20 4',
  shield: 'M12 3.5l7 2.6v5.4c0 4.4-2.9 7.4-7 9-4.1-1.6-7-4.6-7-9V6.1z',
  smile: 'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM8.5 14c1.5 3 5.5 3 7 0M9 9.5v.2M15 9.5v.2',
  unlocked: 'M5.5 10.5h13v10h-13zM8.5 10.5V6.5a3.5 3.5 0 0 1 6.8-1.2M12 14.5v2',
  verified: 'M12 3.5l7 2.6v5.4c0 4.4-2.9 7.4-7 9-4.1-1.6-7-4.6-7-9V6.1zM8.7 12l2.4 2.4 4.3-4.8',
};

export function icon(name) {
  const [svg, path] = ['svg', 'path'].map((tag) => document.createElementNS('http://www.w3.org/2000/svg', tag));
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', `icon icon-${name}`);
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', SHAPES[name]);
  svg.append(path);
  return svg;
}
