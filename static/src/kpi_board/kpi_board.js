import {Component, onWillStart, useEffect, useState} from "@odoo/owl";
import {router} from "@web/core/browser/router";
import {DateTimeInput} from "@web/core/datetime/datetime_input";
import {deserializeDate, serializeDate} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {MultiRecordSelector} from "@web/core/record_selectors/multi_record_selector";
import {registry} from "@web/core/registry";
import {KeepLast} from "@web/core/utils/concurrency";
import {useService} from "@web/core/utils/hooks";
import {useSetupAction} from "@web/search/action_hook";
import {Layout} from "@web/search/layout";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {KpiChart} from "./kpi_chart";
import {getForecastConfig, getMovementsConfig} from "./kpi_charts";
import {KpiTile} from "./kpi_tile";

// The key figures of a business of contracts: for a span and what is filtered, each with
// the span before, and each opens the rows that it is made of.

const SPANS = [
    ["month", _t("This Month")],
    ["last_month", _t("Last Month")],
    ["quarter", _t("This Quarter")],
    ["year", _t("This Year")],
    ["last_12_months", _t("Last 12 Months")],
    ["custom", _t("Custom")],
];
const DEFAULT_SPAN = "last_month";
// Where the page's address has what is chosen.
const ADDRESS_KEY = "figures";

export class KpiBoard extends Component {
    static template = "subscriptions.KpiBoard";
    static components = {DateTimeInput, KpiChart, KpiTile, Layout, MultiRecordSelector};
    static props = {...standardActionServiceProps};
    static displayName = _t("Key Figures");
    static path = "subscription-kpis";

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.keepLast = new KeepLast();
        this.spans = SPANS;
        this.display = {controlPanel: {}};
        this.options = useState(this.getInitialOptions());
        this.state = useState({board: null, areFiltersOpen: false, problem: ""});
        this.state.areFiltersOpen = this.filterCount > 0;
        useSetupAction({getLocalState: () => ({options: this.copyOptions()})});
        // Once the action is there: it writes an address of its own before.
        useEffect(
            (address) => router.pushState({[ADDRESS_KEY]: address}),
            () => [this.address]
        );
        onWillStart(() => this.start());
    }

    // What is chosen: by who comes back, else by the address, else the last month.
    getInitialOptions() {
        let options = this.props.state?.options;
        if (!options) {
            try {
                options = JSON.parse(router.current[ADDRESS_KEY]);
            } catch {
                options = {};
            }
        }
        const span = SPANS.some(([name]) => name === options?.span)
            ? options.span
            : DEFAULT_SPAN;
        return {
            span,
            date_from: options?.date_from || false,
            date_to: options?.date_to || false,
            filters: {...options?.filters},
        };
    }

    copyOptions() {
        return JSON.parse(JSON.stringify(this.options));
    }

    // What the address of the page says: nothing as long as nothing is chosen.
    get address() {
        if (this.options.span === DEFAULT_SPAN && !this.filterCount) {
            return undefined;
        }
        return JSON.stringify(this.options);
    }

    get filterCount() {
        return Object.values(this.options.filters).filter((ids) => ids?.length).length;
    }

    // An address may ask for what there is not: the board opens all the same.
    async start() {
        try {
            await this.load();
        } catch {
            Object.assign(this.options, {span: DEFAULT_SPAN, filters: {}});
            await this.load();
        }
    }

    async load() {
        const board = await this.keepLast.add(
            this.orm.call("subscription.kpi", "get_board", [this.copyOptions()])
        );
        const {currency_id: currencyId} = board;
        this.movementsConfig = getMovementsConfig(
            board.movements,
            currencyId,
            this.openMonth.bind(this)
        );
        this.forecastConfig = getForecastConfig(board.forecast, currencyId);
        this.state.board = board;
    }

    // What is chosen

    selectSpan(ev) {
        const {value} = ev.target;
        if (value === "custom") {
            // From what is shown on
            this.options.date_from = this.state.board.span.date_from;
            this.options.date_to = this.state.board.span.date_to;
        }
        this.options.span = value;
        return this.load();
    }

    getDay(name) {
        const day = this.options[name];
        return day ? deserializeDate(day) : false;
    }

    async setDay(name, value) {
        if (!value) {
            return;
        }
        const day = serializeDate(value);
        this.options[name] = day;
        // The other day moves along: a span has a first day, and a last one after.
        const {date_from: from, date_to: to} = this.options;
        if (from > to) {
            this.options.date_from = this.options.date_to = day;
        }
        await this.load();
    }

    getFilter(name) {
        return [...(this.options.filters[name] || [])];
    }

    setFilter(name, ids) {
        this.options.filters[name] = ids;
        return this.load();
    }

    clearFilters() {
        this.options.filters = {};
        return this.load();
    }

    // What it is made of

    open(action) {
        return this.action.doAction(action);
    }

    openMonth(index, kind) {
        const {action, spans, months} = this.state.board.movements;
        const [from, to] = spans[index];
        const domain = [
            ...action.domain,
            ["event_date", ">=", from],
            ["event_date", "<=", to],
        ];
        if (kind) {
            domain.push(["kind", "=", kind]);
        }
        return this.open({...action, name: `${action.name}, ${months[index]}`, domain});
    }

    openQuotations() {
        return this.open("subscriptions.sale_order_action_quotations");
    }
}

registry.category("actions").add("subscription_kpi_board", KpiBoard);
