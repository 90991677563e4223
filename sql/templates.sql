-- Texts from templates: names, paths, sections; what a template gets wrong stays empty.
SELECT fulfillment.render_template(template, '{"name": "Ada", "n": 2, "yes": true, "no": false, "empty": [], "blank": "",
    "packages": [{"number": 1, "carrier": "post"}, {"number": 2}], "a": {"b": ["x", "y"]}}') AS text
FROM (VALUES (1, 'Hello {{name}}, {{ n }} of {{unknown}}!'), (2, '{{packages.1.number}} {{a.b.0}} {{a}}|'),
             (3, '{{#packages}}{{number}}{{#carrier}} by {{carrier}}{{/carrier}}{{^carrier}} by nobody{{/carrier}} for {{name}}; {{/packages}}'),
             (4, '{{#yes}}y{{/yes}}{{#no}}n{{/no}}{{^no}}no{{/no}}{{#empty}}e{{/empty}}{{^empty}}none{{/empty}}{{^blank}}, blank{{/blank}}'),
             (5, '{{#a.b}}{{.}}{{/a.b}}'), (6, '{{#packages}}{{#packages}}{{number}}{{/packages}}{{/packages}}'),
             (7, '{{#open}} never closed {{name}}'), (8, '{{/name}} {{ {{name}}'), (9, '{{name'), (10, '{{}}{{#}}{{/}}'), (11, '')) AS t (n, template)
ORDER BY n;
-- Nothing grows without end.
SELECT length(fulfillment.render_template(repeat('{{#l}}', 8) || repeat('x', 1000) || repeat('{{/l}}', 8), jsonb_build_object('l', (SELECT jsonb_agg(i) FROM generate_series(1, 50) i)))) < 100000 AS bounded;
-- In HTML what a value holds is no markup; what the template holds is.
SELECT fulfillment.render_template('<b>{{name}}</b> {{{a}}}', '{"name": "<i>\"A\" & ''B''</i>", "{a": "<x>"}', true) AS html;
