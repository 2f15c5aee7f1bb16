// The pages in the order of the navigation.

import { cards as customers } from './customers.js';
import { cards as data } from './data.js';
import { cards as funnel } from './funnel.js';
import { cards as products, warning as taxonomyBreaks } from './products.js';
import { cards as retention } from './retention.js';
import { cards as sales } from './sales.js';

/** @type {Record<string, {name: string, cards: import('../card.js').Spec[], warning?: (view: any) => string | null}>} */
export const PAGES = {
  sales: { name: 'Sales', cards: sales },
  funnel: { name: 'Funnel', cards: funnel },
  customers: { name: 'Customers', cards: customers },
  retention: { name: 'Retention & value', cards: retention },
  products: { name: 'Products', cards: products, warning: taxonomyBreaks },
  data: { name: 'Data', cards: data },
};
