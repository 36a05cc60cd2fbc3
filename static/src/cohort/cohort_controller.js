import {Component, useEffect, useRef} from "@odoo/owl";
import {ActionHelper} from "@web/views/action_helper";
import {CogMenu} from "@web/search/cog_menu/cog_menu";
import {Layout} from "@web/search/layout";
import {SearchBar} from "@web/search/search_bar/search_bar";
import {standardViewProps} from "@web/views/standard_view_props";
import {useModelWithSampleData} from "@web/model/model";
import {useSearchBarToggler} from "@web/search/search_bar/search_bar_toggler";
import {useSetupAction} from "@web/search/action_hook";

export class CohortController extends Component {
    static template = "cohort.CohortView";
    static components = {ActionHelper, CogMenu, Layout, SearchBar};
    static props = {
        ...standardViewProps,
        Model: Function,
        modelParams: Object,
        Renderer: Function,
        buttonTemplate: String,
    };

    setup() {
        this.model = useModelWithSampleData(
            this.props.Model,
            this.props.modelParams,
            this.modelOptions
        );
        const {setScrollFromState} = useSetupAction({
            rootRef: useRef("root"),
            getLocalState: () => ({metaData: this.model.metaData}),
            getContext: () => this.model.getContext(),
        });
        useEffect(
            (isReady) => {
                if (isReady) {
                    setScrollFromState();
                }
            },
            () => [this.model.isReady]
        );
        this.searchBarToggler = useSearchBarToggler();
    }

    get modelOptions() {
        return {
            lazy:
                !this.env.config.isReloadingController &&
                !this.env.inDialog &&
                Boolean(this.props.display.controlPanel),
        };
    }

    get displayNoContent() {
        if (this.props.info.noContentHelp === false) {
            return false;
        }
        return this.model.useSampleModel || !this.model.hasData();
    }
}
