{
    "name": "Subscriptions Dashboard",
    "summary": "MRR, contracts and churn in the Dashboards app",
    "version": "19.0.1.0.0",
    "category": "Productivity/Dashboard",
    "license": "LGPL-3",
    "author": "Subscriptions contributors",
    "website": "https://example.com/subscriptions",
    "depends": [
        "spreadsheet_dashboard",
        "subscriptions",
    ],
    "data": [
        "data/spreadsheet_dashboard_data.xml",
    ],
    "assets": {
        "web.assets_tests": [
            "subscriptions_dashboard/static/tests/tours/**/*",
        ],
    },
    "auto_install": True,
}
