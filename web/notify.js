// Telling somebody who looks elsewhere: a number in the title, a notification, a sound.

import { settings } from './keep.js';
import { brief, cut } from './text.js';
import { keyOf } from './timeline.js';

const MOST_CHARACTERS = 200;
const QUIET_MS = 400;              // so long nothing more came: what came is told …
const MOST_MS = 3000;              // … or when it waited so long
const BEHIND = { quiet: 2000, most: 60000 }; // while more is known to come
const MOST_SEEN = 1000;

/** Two soft notes, made here: there is no file to load. */
export function chime() {
  const audio = new AudioContext();
  [523.25, 659.25].forEach((frequency, index) => {
    const note = audio.createOscillator();
    const volume = audio.createGain();
    const at = audio.currentTime + index * 0.12;
    note.frequency.value = frequency;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.12, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.5);
    note.connect(volume).connect(audio.destination);
    note.start(at);
    note.stop(at + 0.55);
    if (index === 1) note.onended = () => audio.close();
  });
}

export async function askPermission() {
  if (!('Notification' in window)) return false;
  return (await Notification.requestPermission()) === 'granted';
}

/** Tells of what came, once: of many messages as of one, and in one of the node's tabs. */
export function startNotifying({ model, tabs, t, show }) {
  const seen = new Set(); // in another tab
  let waiting = [];
  let since = 0;
  let timer = null;

  function updateTitle() {
    const { unread } = model;
    document.title = `${unread ? `(${unread}) ` : ''}${model.node.community_name} – Hearthchat`;
    if (unread) navigator.setAppBadge?.(unread).catch(() => {});
    else navigator.clearAppBadge?.().catch(() => {});
  }

  function notify(messages) {
    const { from } = messages.at(-1);
    const names = [...new Set(messages.map((message) => model.nameOf(message.from)))];
    const many = t('thread.new', { count: messages.length });
    const body = messages.length === 1 ? brief(messages[0], t, MOST_CHARACTERS, names[0]) : names.length === 1 ? many : cut(names.join(', '), MOST_CHARACTERS);
    try {
      const notification = new Notification(names.length === 1 ? names[0] : many, { body, tag: names.length === 1 ? from : 'many', icon: 'icon-192.png' });
      notification.addEventListener('click', () => {
        window.focus();
        show(from);
        notification.close();
      });
    } catch {
      // Some browsers have them for installed pages alone.
    }
  }

  const isSeen = (message) => seen.has(keyOf(message)) || (model.watching && model.current === message.from);

  function tell() {
    const messages = waiting.filter((message) => !isSeen(message));
    const { notifications, sound } = settings.get();
    timer = null;
    waiting = [];
    if (messages.length === 0 || !tabs.leads) return;
    if (sound) chime();
    if (notifications && 'Notification' in window && Notification.permission === 'granted') notify(messages);
  }

  /** Soon, or when no more comes: what was written while nobody was there comes all at once, or for as long as the node catches up. */
  function wait() {
    const { quiet, most } = model.node.catching_up ? { quiet: BEHIND.most, most: BEHIND.most } : model.replaying ? BEHIND : { quiet: QUIET_MS, most: MOST_MS };
    const now = performance.now();
    if (!timer) since = now;
    clearTimeout(timer);
    timer = setTimeout(tell, Math.max(0, Math.min(quiet, since + most - now)));
  }

  function take(message) {
    if (isSeen(message)) {
      tabs.tell({ what: 'seen', key: keyOf(message) });
      return;
    }
    const { notifications, sound } = settings.get();
    if (!notifications && !sound) return; // what came before it is switched on is not told
    waiting.push(message);
    wait();
  }

  tabs.listen(({ what, key }) => {
    if (what !== 'seen') return;
    seen.add(key);
    if (seen.size > MOST_SEEN) seen.delete(seen.values().next().value);
  });
  model.subscribe((what, detail) => {
    if (what === 'arrival' && !model.byPeer.get(detail.from)?.muted) take(detail);
    if (what === 'node' && timer) wait(); // it may have caught up
    if (['conversations', 'conversation', 'current'].includes(what)) updateTitle();
  });
}
