// The key findings of a page's topics, as the pipeline wrote them: over all the data, whatever is filtered.

import { h } from './element.js';
import { counted } from './numbers.js';

/**
 * What happened on certain days is news and comes before what holds over all the data; else the pipeline's order,
 * by weight. The first is the page's headline.
 */
function ranked(findings, whole) {
  const isNews = ({ period }) => /^\d{4}-\d{2}-\d{2}/.test(period) && period !== whole;
  return [...findings.filter(isNews), ...findings.filter((finding) => !isNews(finding))];
}

export function findingsOf(view) {
  const { findings } = view.answer;
  if (!findings.length) return [];
  const isFiltered =
    view.filters.category ||
    view.filters.brand ||
    view.filters.segment ||
    view.from !== view.first ||
    view.to !== view.last;
  const whole = `${view.first} to ${view.last}`;
  return [
    h(
      'h2',
      { class: 'unseen' },
      `${counted(findings.length, 'key finding')}${isFiltered ? ', over all the data' : ''}`,
    ),
    h(
      'ul',
      { class: 'findings' },
      ranked(findings, whole).map(({ sentence, period, caveat }, index) =>
        h(
          'li',
          { class: index ? null : 'headline' },
          h('p', {}, sentence),
          caveat ? h('small', { class: 'caveat' }, `${caveat}.`) : null,
          period === whole
            ? isFiltered && !index
              ? h('small', {}, `All data, ${view.wholePeriod}`)
              : null
            : h('small', {}, period),
        ),
      ),
    ),
  ];
}
