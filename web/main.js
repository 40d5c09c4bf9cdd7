// Starts the tab: the welcome page, or the chat.

import { api } from './api.js';
import { element } from './dom.js';
import { createFormat } from './format.js';
import { createKeep, settings } from './keep.js';
import { Model } from './model.js';
import { startNotifying } from './notify.js';
import { openStream } from './stream.js';
import { createChat } from './view_chat.js';
import { createWelcome } from './view_welcome.js';
import { createWords, languageOf, localeOf } from './words.js';

const RETRY_MS = 1000;
const LOOK_AGAIN_MS = 2000; // whether the command line has created or joined meanwhile

function applyTheme() {
  const { theme } = settings.get();
  document.documentElement.dataset.theme = theme;
}

async function openChat(app, words, node) {
  const model = new Model({ api, keep: createKeep(node.node_id), node });
  await model.refresh();
  const chat = createChat({ ...words, model, applyTheme });
  startNotifying({ ...words, model, show: chat.show });
  app.replaceChildren(chat.view);
  await chat.start();
  openStream({
    nodeId: node.node_id, seq: node.seq,
    onEvent: (topic, data) => model.takeEvent(topic, data),
    onConnection: (connected) => model.setConnected(connected),
    onOtherLog: () => model.startAgain().catch(() => {}),
  });
}

function openWelcome(app, words, node) {
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
  app.replaceChildren(createWelcome({ ...words, node, onReady }));
}

async function start(app, words) {
  try {
    const node = await api.node();
    if (node.community_id) await openChat(app, words, node);
    else openWelcome(app, words, node);
    app.removeAttribute('aria-busy');
  } catch (error) {
    if (!error.code) throw error;
    app.replaceChildren(element('p', { class: 'empty', role: 'alert' }, words.t.problem(error, 'start')));
    setTimeout(() => start(app, words), RETRY_MS);
  }
}

const language = languageOf(settings.get().language);
document.documentElement.lang = language;
applyTheme();
start(document.getElementById('app'), { t: createWords(language), format: createFormat(localeOf(language)) });
