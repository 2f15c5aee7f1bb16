// The key findings of a page's topics, as the pipeline wrote them: over all data, whatever is filtered.

import { h } from './element.js';
import { withDayNames } from './days.js';
import { counted } from './numbers.js';

/** Pages that have the card of `pages/alerts.js`. */
const PAGES_OF_ALERTS = ['data'];

/**
 * Findings about certain days come before findings over all data; otherwise in the pipeline's order, by weight. The first is the page's headline.
 */
function ranked(findings, whole) {
  const isNews = ({ period }) => /^\d{4}-\d{2}-\d{2}/.test(period) && period !== whole;
  return [...findings.filter(isNews), ...findings.filter((finding) => !isNews(finding))];
}

/** The table of alerts shows them all, so the findings keep only the worst one. */
function withoutRepeats(view, findings) {
  if (!PAGES_OF_ALERTS.includes(view.page)) return findings;
  const listed = new Set(view.rows('alerts').map(({ sentence }) => sentence));
  return findings.filter(
    ({ sentence }, index) => !index || !(listed.has(sentence) || sentence.includes('metrics_data_alerts')),
  );
}

export function findingsOf(view) {
  const whole = `${view.first} to ${view.last}`;
  const findings = withoutRepeats(view, ranked(view.answer.findings, whole));
  if (!findings.length) return [];
  const isFiltered =
    view.filters.category ||
    view.filters.brand ||
    view.filters.segment ||
    view.from !== view.first ||
    view.to !== view.last;
  // Shown once: at the first finding with a longer period than the page's.
  const ofAll = isFiltered ? findings.findIndex(({ period }) => period === whole) : -1;
  return [
    h(
      'h2',
      { class: 'unseen' },
      `${counted(findings.length, 'key finding')}${isFiltered ? ', over all the data' : ''}`,
    ),
    h(
      'ul',
      { class: 'findings' },
      findings.map(({ sentence, period, caveat }, index) =>
        h(
          'li',
          { class: index ? null : 'headline' },
          h('p', {}, withDayNames(sentence)),
          caveat ? h('small', { class: 'caveat' }, `${withDayNames(caveat)}.`) : null,
          index === ofAll ? h('small', {}, `All data, ${view.wholePeriod}`) : null,
          period === whole ? null : h('small', {}, withDayNames(period)),
        ),
      ),
    ),
  ];
}
