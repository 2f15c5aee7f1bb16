// The pages in the order of the navigation.

import { cards as audiences } from './audiences/index.js';
import { cards as customers } from './customers/index.js';
import { cards as data } from './data/index.js';
import { cards as funnel } from './funnel/index.js';
import { cards as growth } from './growth/index.js';
import { cards as products, warning as taxonomyBreaks } from './products/index.js';
import { cards as retention } from './retention/index.js';
import { cards as sales } from './sales/index.js';

/** @type {Record<string, {name: string, cards: import('../card.js').Spec[], warning?: (view: any) => string | null}>} */
export const PAGES = {
  sales: { name: 'Sales', cards: sales },
  funnel: { name: 'Funnel', cards: funnel },
  customers: { name: 'Customers', cards: customers },
  retention: { name: 'Retention & value', cards: retention },
  products: { name: 'Products', cards: products, warning: taxonomyBreaks },
  growth: { name: 'Growth', cards: growth },
  audiences: { name: 'Audiences', cards: audiences },
  data: { name: 'Data', cards: data },
};
