// Looking for people and words: the field above the list, and what it finds instead of the list.

import { arrange, element, isolated } from './dom.js';
import { icon } from './icons.js';
import { nameOf, visible } from './text.js';
import { avatar, walkWithArrows } from './view_conversations.js';

const WAIT_MS = 150; // between keys, before the node is asked
const MOST_PEOPLE = 8;

const fold = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

export function createSearch(ui) {
  const { model, t, format } = ui;
  let timer = null;
  const input = element('input', { type: 'search', id: 'search', 'aria-label': t('search.label'), placeholder: t('search.label'), autocomplete: 'off', maxlength: 128 });
  const scope = element('button', { type: 'button', class: 'scope', hidden: true, onclick: () => { find(input.value, null); input.focus(); } });
  const results = element('ul', { class: 'conversations results', 'aria-label': t('search.results'), hidden: true });
  const status = element('p', { class: 'sub count', role: 'status' });
  const field = element('div', { class: 'search', role: 'search' }, icon('search'), input, scope, status);

  function find(text, peer = model.search.peer) {
    clearTimeout(timer);
    model.find(text, peer);
  }

  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => find(input.value), input.value ? WAIT_MS : 0);
  });
  field.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') {
      event.preventDefault();
      (results.hidden ? ui.list : results).querySelector('button.row')?.focus();
    } else if (event.key === 'Enter') {
      find(input.value);
    }
  });

  const person = (entry) => element('li', {}, element('button', { type: 'button', class: 'row', onclick: () => { clear(); ui.show(entry.peer); } },
    avatar(entry.peer, nameOf(entry), entry.online), isolated(nameOf(entry), { class: 'name' }), element('span', { class: 'sub' }, entry.online ? t('presence.online') : t('presence.offline'))));

  function message(found) {
    const peer = found.from === model.self ? found.to : found.from;
    const name = model.nameOf(peer);
    const snippet = found.snippet_parts.map((part, index) => index % 2 ? element('mark', {}, visible(part)) : visible(part));
    return element('li', {}, element('button', { type: 'button', class: 'row', onclick: () => ui.show(peer, found) },
      avatar(peer, name, model.byPeer.get(peer)?.online), isolated(name, { class: 'name' }), element('time', { class: 'when' }, format.brief(found.created_at)),
      element('span', { class: 'snippet' }, found.from === model.self && `${t('conversations.you')} `, element('bdi', {}, snippet))));
  }

  function people({ text, peer }) {
    const words = fold(text).split(/\s+/).filter(Boolean);
    if (peer || words.length === 0) return [];
    return model.conversations.filter((entry) => words.every((word) => fold(nameOf(entry)).includes(word))).slice(0, MOST_PEOPLE);
  }

  const heading = (words) => element('li', { class: 'heading' }, element('h2', {}, words));

  function render() {
    const { search } = model;
    const active = search.text.trim() !== '' || search.peer !== null;
    results.hidden = !active;
    ui.list.hidden = active;
    scope.hidden = search.peer === null;
    if (search.peer) {
      scope.replaceChildren(t('search.scope', { name: model.nameOf(search.peer) }), icon('close'));
      scope.setAttribute('aria-label', t('search.everywhere', { name: model.nameOf(search.peer) }));
    }
    if (!active || search.busy) {
      if (!active) status.textContent = '';
      return;
    }
    const found = people(search);
    const total = found.length + search.messages.length;
    status.textContent = search.text.trim() === '' ? t('search.type') : search.problem ? t.problem(search.problem, 'search')
      : search.more ? t('search.many', { count: search.messages.length }) : total === 0 ? t('search.nothing') : t('search.found', { count: total });
    arrange(results, [
      ...(found.length ? [heading(t('search.people')), ...found.map(person)] : []),
      ...(search.messages.length ? [heading(t('search.messages')), ...search.messages.map(message)] : []),
    ]);
  }

  function clear() {
    input.value = '';
    find('', null);
  }

  walkWithArrows(results);
  model.subscribe((what) => { if (what === 'search') render(); });
  return {
    field, results, clear,
    isActive: () => model.search.text !== '' || model.search.peer !== null,
    focus: () => input.focus(),
    searchIn(peer) {
      find(input.value, peer);
      input.focus();
      input.select();
    },
  };
}
