// When customers visit and buy: weekdays and hours of the shop.

import { cellTable } from '../../charts/cells.js';
import { tabled } from '../../columns.js';
import { ends, full, short } from '../../numbers.js';
import { ratio } from '../../ratio.js';
import { unsent } from '../../stages.js';
import { whole } from '../../view.js';

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour));
const conversion = (row) =>
  unsent('view', 'purchase') ? null : ratio(row.sessions_with_view_and_purchase, row.sessions_with_view);
const SHOWN = {
  conversion: { label: 'View to purchase', kind: 'rate', of: conversion },
  revenue: { label: 'Revenue per day', kind: 'money', of: (row) => ratio(row.revenue_amount, row.day_count) },
  orders: { label: 'Orders per day', kind: 'amount', of: (row) => ratio(row.order_count, row.day_count) },
  sessions: {
    label: 'Sessions per day',
    kind: 'amount',
    of: (row) => ratio(row.session_count, row.day_count),
  },
};

export const hoursCard = {
  id: 'weekday-hours',
  query: 'hours',
  height: 'm',
  minWidth: 720,
  title: () => 'When customers visit and buy',
  choices: () => ({
    label: 'Show',
    values: Object.entries(SHOWN).map(([id, { label }]) => ({ id, label })),
  }),
  reading(view, choice) {
    const { of, kind, label } = SHOWN[choice];
    const rows = view
      .rows('hours')
      .filter((row) => row.sessions_with_view >= (choice === 'conversion' ? 100 : 0));
    const best = [...rows].sort((a, b) => (of(b) ?? -1) - (of(a) ?? -1))[0];
    if (!best || of(best) === null) return null;
    return `Highest on ${DAYS[best.weekday - 1]} from ${best.hour_of_day}:00 to ${best.hour_of_day + 1}:00: ${full(of(best), kind)} (${label.toLowerCase()}).`;
  },
  period: whole,
  measured:
    'complete days without missing sales, in the time of the shop; sessions by their start, orders by their time',
  empty: (view) => (view.rows('hours').length ? null : 'Not known yet: no day is complete.'),
  option(view, palette, { width, choice }) {
    const { of, kind } = SHOWN[choice];
    const rows = view.rows('hours');
    return cellTable(
      palette,
      width,
      HOURS,
      DAYS,
      rows.map((row) => ({
        column: row.hour_of_day,
        row: row.weekday - 1,
        value: of(row),
        label: short(of(row), kind),
      })),
      {
        rowWidth: 40,
        tip(index) {
          const row = rows[index];
          return [
            `${DAYS[row.weekday - 1]}, ${row.hour_of_day}:00 to ${row.hour_of_day + 1}:00`,
            [
              ['Days', full(row.day_count, 'count')],
              ['Sessions', full(row.session_count, 'count')],
              ['Orders', full(row.order_count, 'count')],
              ['Revenue', full(row.revenue_amount, 'money')],
              ['View to purchase', full(conversion(row), 'rate')],
              ['95% interval', ends(row.view_to_purchase_rate_low, row.view_to_purchase_rate_high)],
            ],
          ];
        },
      },
    );
  },
  table: (view) =>
    tabled(view.rows('hours'), [
      ['Weekday', 'text', (row) => DAYS[row.weekday - 1]],
      ['Hour', 'count', 'hour_of_day'],
      ['Days', 'count', 'day_count'],
      ['Sessions', 'count', 'session_count'],
      ['Orders', 'count', 'order_count'],
      ['Revenue', 'money', 'revenue_amount'],
      ['View to purchase', 'rate', (row) => conversion(row)],
      ['95% from', 'rate', 'view_to_purchase_rate_low'],
      ['95% to', 'rate', 'view_to_purchase_rate_high'],
    ]),
};
