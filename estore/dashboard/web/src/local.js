// The report's own engine: answers the queries of pages.json from tables in the page, as the server does
// from the snapshot. A test compares the two.

import declared from '../../pages.json';
import { addDays, monthBefore, monthOf, spanOf } from './days.js';

const { cubes, pages, periods, default_period } = declared;

const divided = (values, by) => values.map((value) => (value === null ? null : value / by));

/** A column in its compact form: plain, dictionary numbers, whole parts, or the difference to another column. */
function valuesOf(column, others) {
  if (column.dict) return column.codes.map((code) => column.dict[code] ?? null);
  if (column.thousandths) return divided(column.thousandths, 1000);
  if (column.hundredths) return divided(column.hundredths, 100);
  if (column.over) {
    const base = others(column.over);
    return column.values.map((value, row) => base[row] + value);
  }
  return column;
}

function decoded({ columns, data }) {
  const values = data.map((column) =>
    valuesOf(column, (name) => valuesOf(data[columns.indexOf(name)], () => null)),
  );
  return { columns, values, length: values[0]?.length ?? 0 };
}

/** A report whose tables are decoded when first used. */
export function openReport(report) {
  const opened = new Map();
  return {
    ...report,
    table(name) {
      if (!(name in report.tables)) return null;
      if (!opened.has(name)) opened.set(name, decoded(report.tables[name]));
      return opened.get(name);
    },
  };
}

/** First and last day of a named period, or of free days, within the data. */
export function periodOf({ period, from, to }, { first_date, last_date, last_complete_date, defaults }) {
  if (!first_date) return { period: period ?? default_period, from: null, to: null };
  const end = last_complete_date ?? last_date;
  const clamped = (day) => (day < first_date ? first_date : day > last_date ? last_date : day);
  if (!period && !from && !to && defaults?.from) ({ from, to } = defaults);
  if (from || to) return { period: null, from: clamped(from ?? first_date), to: clamped(to ?? last_date) };
  const known = periods.find(({ id }) => id === period) ?? periods.find(({ id }) => id === default_period);
  const [start, stop] = known.days
    ? [addDays(end, 1 - known.days), end]
    : {
        month: [monthOf(end), end],
        'last-month': [monthBefore(end), addDays(monthOf(end), -1)],
        all: [first_date, last_date],
      }[known.id];
  return { period: known.id, from: clamped(start), to: clamped(stop) };
}

/** One group-by with sums: rows of `by` and `measures`, sorted by `by`. */
export function groupSum(table, cube, { by, measures, obeys = [], period }, filters) {
  const column = (name) => table.values[table.columns.indexOf(name)];
  const tests = [];
  if (obeys.includes('period')) {
    const days = column(cube.date);
    let { from, to } = filters;
    if (period === 'before') [from, to] = [addDays(from, -spanOf(from, to)), addDays(from, -1)];
    tests.push((row) => days[row] >= from && days[row] <= to);
  }
  for (const [filter, name] of Object.entries(cube.filters)) {
    const values = column(name);
    const wanted = obeys.includes(filter) ? filters[filter] : null;
    if (wanted) tests.push((row) => values[row] === wanted);
    else if (cube.star.includes(name))
      tests.push(by.includes(name) ? (row) => values[row] !== '*' : (row) => values[row] === '*');
  }
  const keys = by.map(column);
  const sums = measures.map(column);
  const groups = new Map();
  for (let row = 0; row < table.length; row++) {
    if (!tests.every((test) => test(row))) continue;
    const key = keys.map((values) => values[row]);
    const name = JSON.stringify(key);
    let group = groups.get(name);
    if (!group) groups.set(name, (group = [...key, ...measures.map(() => 0)]));
    sums.forEach((values, index) => (group[by.length + index] += values[row] ?? 0));
  }
  // Sums of money are rounded to cents, which removes errors of binary fractions.
  const rows = [...groups.values()].map((group) =>
    group.map((value) => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value)),
  );
  return { columns: [...by, ...measures], rows: rows.sort((a, b) => compare(a, b, by.length)) };
}

function compare(a, b, columns) {
  for (let index = 0; index < columns; index++) {
    if (a[index] !== b[index]) return a[index] < b[index] ? -1 : 1;
  }
  return 0;
}

/** A table as published: some columns of some rows. */
function readTable(table, { columns, where = {} }) {
  const column = (name) => table.values[table.columns.indexOf(name)];
  const wanted = Object.entries(where).map(([name, value]) => [column(name), value]);
  const rows = [];
  for (let row = 0; row < table.length; row++) {
    if (wanted.every(([values, value]) => [value].flat().includes(values[row])))
      rows.push(columns.map((name) => column(name)?.[row] ?? null));
  }
  return { columns, rows };
}

/** All queries of a page, answered as the server answers them. */
export function localAnswer(report, page, given) {
  const { table: tableOf, tables, findings, ...about } = report;
  const { topics, queries } = pages[page];
  const filters = { category: null, brand: null, segment: null, ...given, ...periodOf(given, report) };
  const charts = {};
  for (const [id, query] of Object.entries(queries)) {
    const table = tableOf(query.cube ?? query.table);
    if (!table) charts[id] = { columns: [], rows: [], missing: true };
    else
      charts[id] = query.cube ? groupSum(table, cubes[query.cube], query, filters) : readTable(table, query);
  }
  return {
    ...about,
    page,
    filters,
    charts,
    findings: findings.filter(({ topic }) => topics.includes(topic)),
  };
}
