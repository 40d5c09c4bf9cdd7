// Starts the tab: the chat, or before that how to get into one.

import { button, codeField, createForm, element, hint, labelled, select } from './dom.js';
import { createKeep, createTabs, settings } from './keep.js';
import { Model } from './model.js';
import { api, openStream } from './node.js';
import { startNotifying } from './notify.js';
import { createScanButtons } from './qr.js';
import { cleanName, createFormat } from './text.js';
import { applyTheme, createChat } from './view_chat.js';
import { createIdentity, createNameField } from './view_members.js';
import { createWords, languageOf, localeOf } from './words.js';

const RETRY_MS = 1000;
const WORKER = 'worker.js';
const KEEP_MS = 3000; // it reads all files once more: not while one begins to work
const LOOK_AGAIN_MS = 2000; // the command line may have created or joined meanwhile

let tabs = null; // of one page, however often it starts

/** `back`: how it came back, if it did. */
async function openChat(app, words, node, back) {
  tabs ??= createTabs(node.node_id);
  const model = new Model({ api, keep: createKeep(node.node_id), node, tabs });
  await model.refresh();
  const chat = createChat({ ...words, model });
  startNotifying({ ...words, model, tabs, show: chat.show });
  if (back) {
    const told = element('p', { class: 'notice told', role: 'status' }, words.t(`join.${back}`, { name: cleanName(node.community_name) }), ' ', button(words.t('close'), () => told.remove()));
    chat.view.querySelector('.notices').append(told);
  }
  app.replaceChildren(chat.view);
  await chat.start();
  openStream(node, model);
}

const card = (title, ...rest) => element('section', { class: 'card' }, element('h2', {}, title), ...rest);

function createCard(t, own, done) {
  const name = element('input', { required: true, maxlength: 64, autocomplete: 'off' });
  const signatures = select([1, 2, 3].map((count) => [count, t('create.signatures', { count })]), 3);
  const submit = async () => {
    await own.keep();
    await api.createCommunity(name.value.trim(), { min_signatures_to_revoke: Number(signatures.value) });
    done();
  };
  return card(t('create.title'), hint(t('create.hint')), createForm({ action: t('create.action'), submit, t, place: 'create' }, labelled(t('create.name'), name, t('create.example')),
    element('details', {}, element('summary', {}, t('create.more')), labelled(t('create.policy'), signatures, t('create.policy_hint')))).form);
}

function joinCard(t, own, done) {
  const invite = codeField(4, { required: true, placeholder: 'hearthnet://v1/…' });
  const submit = async () => {
    await own.keep();
    const { already, returned } = await api.join(invite.value.trim());
    done(returned ? 'returned' : already && 'already');
  };
  const { form } = createForm({ action: t('join.action'), submit, t, place: 'join' }, labelled(t('join.invite'), invite),
    createScanButtons(t, { prefixes: ['hearthnet://'], onFound: (text) => { invite.value = text; form.requestSubmit(); } }));
  return card(t('join.title'), hint(t('join.hint')), form);
}

function openWelcome(app, words, node) {
  const { t } = words;
  const lost = node.lost_community_id;
  const own = createNameField(node, t, lost);
  let opening = false;
  const onReady = async (back) => {
    if (opening) return;
    opening = true;
    clearInterval(timer);
    await start(app, words, back);
  };
  const timer = setInterval(async () => {
    const { community_id } = await api.node().catch(() => ({}));
    if (community_id && !app.querySelector('[aria-busy]')) onReady(lost && 'returned');
  }, LOOK_AGAIN_MS);
  app.replaceChildren(element('div', { class: 'welcome' },
    element('header', {}, element('img', { src: 'icon.svg', alt: '' }), element('h1', {}, t('welcome.title'))),
    element('p', { class: 'lead' }, t(lost ? 'welcome.lost' : 'welcome.lead')),
    element('div', { class: 'card' }, own.field),
    element('div', { class: 'cards' }, !lost && createCard(t, own, onReady), joinCard(t, own, onReady), card(t('identity.title'), createIdentity(node, t)))));
}

async function start(app, words, back) {
  try {
    const node = await api.node();
    if (node.community_id) await openChat(app, words, node, back);
    else openWelcome(app, words, node);
    app.removeAttribute('aria-busy');
  } catch (error) {
    if (!error.code) throw error;
    app.replaceChildren(element('p', { class: 'empty', role: 'alert' }, words.t.problem(error)));
    if (back) setTimeout(() => start(app, words, back), RETRY_MS);
    else comeBack();
  }
}

/** When the node is there again: with its own page, for it may be another program than the one that this page is of. */
async function comeBack() {
  if (await api.node().catch(() => null)) location.reload();
  else setTimeout(comeBack, RETRY_MS);
}

/** Keeps the page, see worker.js. Trusted Types want to know where a script is: this says one place, whatever is asked. */
function keepPage() {
  const policy = globalThis.trustedTypes?.createPolicy('worker', { createScriptURL: () => WORKER });
  const register = () => navigator.serviceWorker?.register(policy ? policy.createScriptURL('') : WORKER).catch(() => {}); // a browser that doesn't want to
  setTimeout(register, KEEP_MS);
}

const language = languageOf(settings.get().language);
document.documentElement.lang = language;
applyTheme();
await start(document.getElementById('app'), { t: await createWords(language), format: createFormat(localeOf(language)) });
keepPage();
