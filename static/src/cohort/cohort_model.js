import {KeepLast, Race} from "@web/core/utils/concurrency";
import {INTERVALS, MODES, TIMELINES} from "./cohort_arch_parser";
import {Model} from "@web/model/model";
import {computeReportMeasures} from "@web/views/utils";

/** What can be chosen in the view, and where favourites remember it. */
export const CHOICES = ["measure", "interval", "mode", "timeline"];
const KNOWN = {interval: INTERVALS, mode: MODES, timeline: TIMELINES};

export class CohortModel extends Model {
    /**
     * @override
     */
    setup(params) {
        this.keepLast = new KeepLast();
        this.race = new Race();
        this.metaData = params;
        this.data = null;
        this.searchParams = null;
    }

    /**
     * @override
     */
    async load(searchParams) {
        this.searchParams = searchParams;
        await this.race.add(this._fetch(this._buildMetaData()));
    }

    /**
     * @override
     */
    hasData() {
        return this.data?.rows.length > 0;
    }

    /**
     * Shows something else of the same records.
     *
     * @param {Object} choice one of `CHOICES` and its value
     */
    async choose(choice) {
        // One click after the other: the second counts upon what the first has chosen.
        await this.race.getCurrentProm();
        await this.race.add(this._fetch({...this._buildMetaData(), ...choice}));
        this.useSampleModel = false;
        this.notify();
    }

    /**
     * @returns {Object} what favourites remember
     */
    getContext() {
        return Object.fromEntries(
            CHOICES.map((name) => [`cohort_${name}`, this.metaData[name]])
        );
    }

    _buildMetaData() {
        const {context, domain} = this.searchParams;
        const metaData = {...this.metaData, context, domain, remembered: {}};
        for (const name of CHOICES) {
            const value = context[`cohort_${name}`];
            metaData.remembered[name] = value;
            // What a favourite says holds until something else is chosen.
            const isNew = value !== this.metaData.remembered?.[name];
            if (value && isNew && (KNOWN[name]?.includes(value) ?? true)) {
                metaData[name] = value;
            }
        }
        // A favourite may name a field that is gone, or that this person may not read.
        const {fields, fieldAttrs, viewMeasures} = metaData;
        if (!(metaData.measure in fields)) {
            metaData.measure = "__count";
        }
        metaData.measures = computeReportMeasures(
            fields,
            fieldAttrs,
            [...viewMeasures, metaData.measure],
            {sumAggregatorOnly: true}
        );
        return metaData;
    }

    async _fetch(metaData) {
        const {resModel, dateStart, dateStop, measure, interval, mode, timeline} =
            metaData;
        const data = await this.keepLast.add(
            this.orm.call(
                resModel,
                "get_cohort_data",
                [
                    dateStart,
                    dateStop,
                    measure,
                    interval,
                    metaData.domain,
                    mode,
                    timeline,
                ],
                {context: metaData.context}
            )
        );
        this.data = data;
        this.metaData = metaData;
    }
}
