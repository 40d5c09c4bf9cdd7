// Starts the tab: the chat, or before that how to get into one.

import { codeField, createForm, element, hint, labelled, select } from './dom.js';
import { createKeep, settings } from './keep.js';
import { Model } from './model.js';
import { api, openStream } from './node.js';
import { startNotifying } from './notify.js';
import { createScanButtons } from './qr.js';
import { createFormat } from './text.js';
import { applyTheme, createChat } from './view_chat.js';
import { createIdentity } from './view_members.js';
import { createWords, languageOf, localeOf } from './words.js';

const RETRY_MS = 1000;
const LOOK_AGAIN_MS = 2000; // the command line may have created or joined meanwhile

async function openChat(app, words, node) {
  const model = new Model({ api, keep: createKeep(node.node_id), node });
  await model.refresh();
  const chat = createChat({ ...words, model });
  startNotifying({ ...words, model, show: chat.show });
  app.replaceChildren(chat.view);
  await chat.start();
  openStream(node, model);
}

const card = (title, ...rest) => element('section', { class: 'card' }, element('h2', {}, title), ...rest);

function createCard(t, done) {
  const name = element('input', { required: true, maxlength: 64, autocomplete: 'off' });
  const signatures = select([1, 2, 3].map((count) => [count, t('create.signatures', { count })]), 3);
  const submit = async () => {
    await api.createCommunity(name.value.trim(), { min_signatures_to_revoke: Number(signatures.value) });
    done();
  };
  return card(t('create.title'), hint(t('create.hint')), createForm({ action: t('create.action'), submit, t, place: 'create' }, labelled(t('create.name'), name),
    element('details', {}, element('summary', {}, t('create.more')), labelled(t('create.policy'), signatures, t('create.policy_hint')))).form);
}

function joinCard(t, done) {
  const invite = codeField(4, { required: true, placeholder: 'hearthnet://v1/…' });
  const submit = async () => {
    await api.join(invite.value.trim());
    done();
  };
  const { form } = createForm({ action: t('join.action'), submit, t, place: 'join' }, labelled(t('join.invite'), invite),
    createScanButtons(t, { prefixes: ['hearthnet://'], onFound: (text) => { invite.value = text; form.requestSubmit(); } }));
  return card(t('join.title'), hint(t('join.hint')), form);
}

function openWelcome(app, words, node) {
  const { t } = words;
  let opening = false;
  const onReady = async () => {
    if (opening) return;
    opening = true;
    clearInterval(timer);
    await start(app, words);
  };
  const timer = setInterval(async () => {
    const { community_id } = await api.node().catch(() => ({}));
    if (community_id && !app.querySelector('[aria-busy]')) onReady();
  }, LOOK_AGAIN_MS);
  app.replaceChildren(element('div', { class: 'welcome' },
    element('header', {}, element('img', { src: 'icon.svg', alt: '' }), element('h1', {}, t('welcome.title'))),
    element('p', { class: 'lead' }, t('welcome.lead')),
    element('div', { class: 'cards' }, createCard(t, onReady), joinCard(t, onReady), card(t('identity.title'), createIdentity(node, t)))));
}

async function start(app, words) {
  try {
    const node = await api.node();
    if (node.community_id) await openChat(app, words, node);
    else openWelcome(app, words, node);
    app.removeAttribute('aria-busy');
  } catch (error) {
    if (!error.code) throw error;
    app.replaceChildren(element('p', { class: 'empty', role: 'alert' }, words.t.problem(error)));
    setTimeout(() => start(app, words), RETRY_MS);
  }
}

const language = languageOf(settings.get().language);
document.documentElement.lang = language;
applyTheme();
start(document.getElementById('app'), { t: createWords(language), format: createFormat(localeOf(language)) });
