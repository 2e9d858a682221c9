// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/embedded.h"
#include "report/parts.h"

extern const struct bw_embedded bw_report_templates[];

const struct bw_report_renderer *const bw_report_renderers[BW_REPORT_FORMAT_COUNT] = {
    [BW_REPORT_HTML] = &bw_report_html, [BW_REPORT_CSV] = &bw_report_csv,
    [BW_REPORT_MD] = &bw_report_md,     [BW_REPORT_XLSX] = &bw_report_xlsx,
    [BW_REPORT_JSON] = &bw_report_json,
};

const struct bw_opt_name bw_report_types[] = {
    { "summary", BW_REPORT_SUMMARY },
    { NULL, 0 },
};

const struct bw_opt_name bw_report_formats[] = {
    { "html", BW_REPORT_HTML }, { "csv", BW_REPORT_CSV },   { "md", BW_REPORT_MD },
    { "xlsx", BW_REPORT_XLSX }, { "json", BW_REPORT_JSON }, { NULL, 0 },
};

const char *bw_report_extension(enum bw_report_format format)
{
    return bw_report_renderers[format]->extension;
}

const char *bw_report_media_type(enum bw_report_format format)
{
    return bw_report_renderers[format]->media_type;
}

enum bw_rc bw_report_render(const struct bw_report *report, enum bw_report_format format,
                            const char *template_text, struct bw_buf *out, struct bw_err *err)
{
    const struct bw_report_renderer *renderer = bw_report_renderers[format];
    if (template_text != NULL && renderer->template == NULL)
        return bw_fail(err, BW_EINVAL, "a report as %s has no template", renderer->name);
    if (template_text == NULL && renderer->template != NULL)
        template_text = bw_embedded_find(bw_report_templates, renderer->template)->data;
    const enum bw_rc rc = renderer->render(report, template_text, out, err);
    if (rc != BW_OK)
        return bw_wrap(err, rc, "report as %s", renderer->name);
    if (bw_buf_failed(out))
        return bw_fail(err, BW_ELIMIT, "the report is larger than %zu bytes", out->max);
    return BW_OK;
}
