// Alerts about the data (`metrics_data_alerts`), as rows of a table and as marks on days.

import { daysBetween, withDayNames } from './days.js';

/** Names of the alert kinds for a reader. */
const NAMES = {
  missing_events: 'tracking gap',
  low_events: 'too few events',
  purchases_without_carts: 'carts missing',
  duplicate_burst: 'duplicate rows',
  taxonomy_break: 'products changed category',
  brand_conflicts: 'brands in conflict',
  bots: 'bots',
  price_cap: 'capped prices',
  unpriced_purchases: 'no price',
  no_events: 'no events',
  unfinished_day: 'unfinished day',
  outlying_dates: 'outlying dates',
  nobody_ids: 'placeholder user ids',
  shared_id: 'shared user id',
  dominant_user: 'one user dominates',
  odd_order_amounts: 'unusual order values',
};
/** Kinds that concern certain days; a permanent issue marks no day, and an unfinished day has its own style. */
const OF_DAYS = [
  'missing_events',
  'low_events',
  'purchases_without_carts',
  'duplicate_burst',
  'no_events',
  'odd_order_amounts',
  'outlying_dates',
];
const SEVERITIES = ['high', 'medium', 'low'];

export const MARK = 'data issue';
export const alertName = ({ kind }) => NAMES[kind] ?? kind.replaceAll('_', ' ');
export const severityColor = (severity) => ({ high: 'orange', medium: 'purple' })[severity] ?? 'gray';

/** Worst first, then in the published order. */
export const alertsOf = (view) =>
  [...view.rows('alerts')].sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      a.from_date.localeCompare(b.from_date),
  );

/**
 * Alerts by the days that they concern.
 * @param {any} view whose answer has the question `alerts`
 * @param {string[]} subjects that the marked chart counts; all events are always among them
 * @returns {Map<string, any[]>}
 */
export function alertDays(view, subjects) {
  const found = new Map();
  for (const alert of view.rows('alerts')) {
    if (!OF_DAYS.includes(alert.kind) || !['event', ...subjects].includes(alert.subject)) continue;
    for (const day of daysBetween(alert.from_date, alert.to_date))
      found.set(day, [...(found.get(day) ?? []), alert]);
  }
  return found;
}

/** The alerts of a day, for its tooltip. */
export const alertWords = (alerts) => alerts.map(({ sentence }) => withDayNames(sentence)).join(' ');
