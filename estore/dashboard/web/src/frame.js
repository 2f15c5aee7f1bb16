// The frame of all pages: navigation, filters, heading, findings, and space for the cards.

import { linkTo } from './address.js';
import { h } from './element.js';
import { Filters } from './filters.js';
import { counted } from './numbers.js';
import { themeSwitch } from './theme.js';
import { obeyedOn } from './view.js';

export class Frame {
  /** @param {(page: string, filters: object) => void} go */
  constructor(pages, go) {
    this.pages = pages;
    this.skip = h('a', { class: 'skip', href: '#main' }, 'Skip to the charts');
    this.skip.addEventListener('click', (event) => {
      // The address belongs to the view; a # in it would be another one in a report.
      event.preventDefault();
      this.main.focus();
    });
    this.links = new Map(
      Object.entries(pages).map(([page, { name }]) => [
        page,
        h(
          'a',
          {
            href: page,
            onclick: (event) => {
              if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
              event.preventDefault();
              go(page, this.filters.given());
            },
          },
          // A long name is shortened where all pages must fit a phone.
          name.split(/(?= & )/).map((part, index) => h('span', { class: index ? 'rest' : null }, part)),
        ),
      ]),
    );
    this.filters = new Filters((filters) => go(this.page, filters));
    this.heading = h('h1');
    this.basis = h('p');
    this.notice = h('div', { class: 'notice', hidden: true });
    this.warning = h('p', { class: 'notice bad', hidden: true });
    this.live = h('div', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
    this.findings = h('section', { 'aria-label': 'Key findings' });
    this.grid = h('div', { class: 'grid' });
    this.main = h(
      'main',
      { class: 'wide', id: 'main', tabindex: -1 },
      h('div', { class: 'heading' }, this.heading, this.basis),
      this.notice,
      this.warning,
      this.findings,
      this.grid,
    );
    this.element = h(
      'div',
      {},
      h(
        'header',
        { class: 'top' },
        h(
          'div',
          { class: 'wide' },
          h('span', { class: 'brand' }, 'estore analytics'),
          h('nav', { class: 'pages', 'aria-label': 'Pages' }, [...this.links.values()]),
          themeSwitch(),
        ),
      ),
      this.filters.element,
      this.main,
      this.live,
    );
  }

  /** Heading, title and notices for the page shown. */
  show(view) {
    this.page = view.page;
    const { name } = this.pages[view.page];
    document.title = `${name} · estore analytics`;
    this.heading.textContent = name;
    const scope = obeyedOn(view.page).size ? '' : ' · period and filters do not apply to this page';
    this.basis.textContent = view.first
      ? `${view.scope} · as of ${view.asOfName} · snapshot ${view.answer.version}${scope}`
      : `snapshot ${view.answer.version}: no events yet`;
    this.filters.show(view);
    for (const [page, link] of this.links) {
      link.href = linkTo(page, this.filters.given());
      if (page === view.page) {
        link.setAttribute('aria-current', 'page');
        // Where the pages do not fit side by side; after the paint, since it needs the layout.
        requestAnimationFrame(() => link.scrollIntoView({ block: 'nearest', inline: 'nearest' }));
      } else link.removeAttribute('aria-current');
    }
    this.busy(false);
    this.notice.hidden = true;
    const warning = this.pages[view.page].warning?.(view) ?? null;
    this.warning.textContent = warning ?? '';
    this.warning.hidden = !warning;
    this.live.textContent = `${name}, ${view.period}: ${counted(this.pages[view.page].cards.length, 'chart')}.`;
  }

  busy(is) {
    document.body.classList.toggle('busy', is);
  }

  say(text) {
    this.#note(text, false);
    this.live.textContent = text;
  }

  /** Why there is no answer, and a button to retry. The previous page stays. */
  failed(text, again) {
    this.busy(false);
    this.#note(text, true, h('button', { type: 'button', class: 'clear', onclick: again }, 'Try again'));
    this.notice.setAttribute('role', 'alert');
  }

  #note(text, isBad, ...more) {
    this.notice.className = isBad ? 'notice bad' : 'notice';
    this.notice.removeAttribute('role');
    this.notice.replaceChildren(text, ' ', ...more);
    this.notice.hidden = false;
  }
}
