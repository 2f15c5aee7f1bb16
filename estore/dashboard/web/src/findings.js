// The key findings of a page's topics, as the pipeline wrote them: over all the data, whatever is filtered.

import { h } from './element.js';
import { counted } from './numbers.js';

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
      findings.map(({ sentence, period, caveat }) =>
        h(
          'li',
          {},
          h('p', {}, sentence),
          caveat ? h('small', { class: 'caveat' }, `${caveat}.`) : null,
          period === whole
            ? isFiltered
              ? h('small', {}, `All data, ${view.wholePeriod}`)
              : null
            : h('small', {}, period),
        ),
      ),
    ),
  ];
}
