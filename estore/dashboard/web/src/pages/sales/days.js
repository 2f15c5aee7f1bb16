// The days of the shop for the sales page: sums, marks, and their weeks and months.

import { alertDays } from '../../alerts.js';
import { addDays, dayName, daysBetween, monthBefore, monthOf, weekOf } from '../../days.js';
import { counted, full } from '../../numbers.js';
import { changeOf, ratio, sum, sumBy } from '../../ratio.js';
import { unsent } from '../../stages.js';
import { once } from '../../view.js';

export const NO_ORDERS = 'No orders in this selection.';

/** Every day in the data, including days without an order (0 where the day is known), with its marks. */
export const days = once((view) => {
  if (!view.first) return [];
  const sold = new Map(view.rows('days').map((row) => [row.order_date, row]));
  const visited = new Map(view.rows('sessions').map((row) => [row.session_start_date, row]));
  const alerts = alertDays(view, ['purchase']);
  const marks = new Map(view.rows('marks').map((row) => [row.order_date, row]));
  const nothing = { revenue_amount: 0, order_count: 0, buyer_count: 0, first_order_count: 0, item_count: 0 };
  return daysBetween(view.first, view.last).map((day) => {
    const mark = marks.get(day);
    return {
      day,
      ...nothing,
      ...sold.get(day),
      session_count: visited.get(day)?.session_count ?? 0,
      sessions_with_purchase: visited.get(day)?.sessions_with_purchase ?? 0,
      isComplete: Boolean(mark?.is_complete),
      isStrange: Boolean(mark?.is_revenue_anomaly) && !isFiltered(view),
      expected: mark?.expected_revenue_amount ?? null,
      alerts: alerts.get(day) ?? [],
      hasAlert: alerts.has(day),
    };
  });
});

/** The expected revenue of a day is only known for the entire shop. */
export const isFiltered = (view) =>
  Boolean(view.filters.category || view.filters.brand || view.filters.segment);
export const noOrders = (view) =>
  sum(view.rows('days'), 'order_count')
    ? null
    : view.first
      ? NO_ORDERS
      : 'No events yet. Load a file with `estore run PATH`.';
export const lastDayName = (view) =>
  view.lastComplete ? dayName(view.lastComplete, true) : 'no complete day yet';
export const aov = (rows) => ratio(sum(rows, 'revenue_amount'), sum(rows, 'order_count'));

export function lastDay(view) {
  const all = days(view);
  const at = all.findIndex(({ day }) => day === view.lastComplete);
  const [today, before] = [all[at], all[at - 7]];
  // The day a week before counts only where it is complete too.
  return {
    today,
    before: before?.isComplete ? before : null,
    recent: all.slice(Math.max(0, at - 27), at + 1),
  };
}

export function tiles(view) {
  const { today, before, recent } = lastDay(view);
  const weekBefore = addDays(today.day, -7);
  const against = before ? `vs ${dayName(weekBefore)}` : undefined;
  const note = before
    ? null
    : weekBefore < view.first
      ? 'no day a week before'
      : `${dayName(weekBefore)} was incomplete`;
  const trend = (value) => recent.map((day) => (day.isComplete ? value(day) : null));
  const tile = (name, kind, value, more = {}) => ({
    name,
    kind,
    value: value(today),
    change: changeOf(kind, value(today), before ? value(before) : null),
    against,
    note,
    trend: trend(value),
    ...more,
  });
  const unknown = unsent('view', 'purchase');
  const conversion = (day) => (unknown ? null : ratio(day.sessions_with_purchase, day.session_count));
  return [
    tile('Revenue', 'money', (day) => day.revenue_amount),
    tile('Orders', 'count', (day) => day.order_count),
    tile('Average order value', 'money', (day) => ratio(day.revenue_amount, day.order_count), {
      counts: `${full(today.revenue_amount, 'money')} from ${counted(today.order_count, 'order')}`,
    }),
    tile('Buyers', 'count', (day) => day.buyer_count),
    tile('Conversion', 'rate', conversion, {
      name: view.filters.category || view.filters.brand ? 'Conversion, entire shop' : 'Conversion',
      counts: `${full(today.sessions_with_purchase, 'count')} of ${counted(today.session_count, 'session')} with a purchase`,
      ...(unknown ? { counts: undefined, against: undefined, note: unknown, trend: undefined } : {}),
    }),
  ];
}

export function week(view) {
  const { recent } = lastDay(view);
  const seven = recent.slice(-7);
  return { rows: seven, value: aov(seven), target: view.thresholds.average_order_target };
}

/** Sums up to each day of this month and of the month before. */
export const months = once((view) => {
  const all = days(view);
  const running = (month) => {
    let revenue = 0;
    const rows = all
      .filter(({ day }) => monthOf(day) === month && day <= view.lastComplete)
      .map((row) => ({ ...row, running: (revenue += row.revenue_amount) }));
    // Where the data start within the month, the earlier days stay empty.
    const unknown = rows.length ? daysBetween(month, addDays(rows[0].day, -1)) : [];
    return [
      ...unknown.map((day) => ({ day, revenue_amount: null, running: null, isComplete: false })),
      ...rows,
    ];
  };
  const month = monthOf(view.lastComplete);
  const [now, before] = [running(month), running(monthBefore(view.lastComplete))];
  // A month that the data cover only in part is not compared.
  const isWhole = before.length > 0 && before[0].running !== null;
  return { month, now, before: isWhole ? before : [] };
});

/** Weeks from Monday that overlap the period; full where all seven days are complete. */
export const weeks = once((view) => {
  const from = weekOf(view.from);
  const within = days(view).filter(({ day }) => day >= from && day <= view.to);
  const complete = sumBy(
    within.filter(({ isComplete }) => isComplete),
    ({ day }) => weekOf(day),
    ['revenue_amount', 'order_count'],
  );
  const counts = new Map(
    sumBy(
      within.map((row) => ({ ...row, one: row.isComplete ? 1 : 0 })),
      ({ day }) => weekOf(day),
      ['one'],
    ).map(({ key, one }) => [key, one]),
  );
  return complete.map((row) => ({
    ...row,
    aov: ratio(row.revenue_amount, row.order_count),
    days: counts.get(row.key),
  }));
});
