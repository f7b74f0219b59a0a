import {
  PDFBool,
  PDFCheckBox,
  PDFDocument,
  PDFDropdown,
  type PDFField,
  type PDFForm,
  PDFName,
  PDFOptionList,
  PDFRadioGroup,
  PDFTextField,
} from "@cantoo/pdf-lib";
import { ToolError } from "../kit/tool-error.ts";
import { FILES_LIMITS } from "./limits.ts";
import { embedUnicodeFont } from "./pdf-form-font.ts";
import type { MadeFile } from "./write/make.ts";

export type FieldValue = string | boolean | string[];

/** Opens the form of a PDF. Throws ToolError where it has none. */
export async function openForm(bytes: Uint8Array): Promise<{ document: PDFDocument; form: PDFForm }> {
  const document = await PDFDocument.load(bytes, { updateMetadata: false, ignoreEncryption: true });
  if (document.isEncrypted)
    throw new ToolError("The file is protected with a password. Ask for a copy without one.");
  const form = document.getForm();
  if (form.getFields().length > 0) return { document, form };
  throw new ToolError(
    "This PDF has no form fields to fill. Read it with file_read and make a new document with file_create.",
  );
}

/** The fields of a form for the model: name, kind, choices, what is in it. */
export function listFields(form: PDFForm): string {
  const fields = form.getFields();
  const lines = fields.slice(0, FILES_LIMITS.formFieldsMax).map(fieldLine);
  const more = fields.length > lines.length ? [`[${fields.length} fields in all]`] : [];
  return [...lines, ...more].join("\n").slice(0, FILES_LIMITS.readMaxChars);
}

function fieldLine(field: PDFField): string {
  const marks = [field.isRequired() ? "required" : "", field.isReadOnly() ? "read-only" : ""];
  const { kind, value, options } = describe(field);
  const choices = options.length === 0 ? "" : ` of ${JSON.stringify(options)}`;
  return [`${JSON.stringify(field.getName())}: ${kind}${choices}`, ...marks, `now ${JSON.stringify(value)}`]
    .filter(Boolean)
    .join(", ");
}

function describe(field: PDFField): { kind: string; value: unknown; options: string[] } {
  if (field instanceof PDFTextField) {
    const max = field.getMaxLength();
    const kind = max === undefined ? "text" : `text of at most ${max} characters`;
    return { kind, value: field.getText() ?? "", options: [] };
  }
  if (field instanceof PDFCheckBox) return { kind: "checkbox", value: field.isChecked(), options: [] };
  if (field instanceof PDFRadioGroup)
    return { kind: "one", value: field.getSelected() ?? "", options: field.getOptions() };
  if (field instanceof PDFDropdown)
    return { kind: "one", value: field.getSelected(), options: field.getOptions() };
  if (field instanceof PDFOptionList)
    return { kind: "several", value: field.getSelected(), options: field.getOptions() };
  return { kind: "button or signature, cannot be filled", value: "", options: [] };
}

/** Fills a form and leaves it fillable. Throws ToolError for a value that its field cannot take; then nothing is filled. */
export async function fillForm(
  document: PDFDocument,
  form: PDFForm,
  values: Readonly<Record<string, FieldValue>>,
): Promise<MadeFile> {
  // The older description of the form, which some programs would show in the place of what is filled in here.
  if (form.hasXFA()) form.deleteXFA();
  for (const [name, value] of Object.entries(values)) fill(requireField(form, name), value);
  const font = await embedUnicodeFont(document, Object.values(values).flat().join(""));
  form.updateFieldAppearances(font);
  // What is drawn here has all its letters; a program that drew it anew would take a font without some of them.
  form.acroForm.dict.set(PDFName.of("NeedAppearances"), PDFBool.False);
  const bytes = await document.save({ updateFieldAppearances: false });
  const left = form.getFields().filter((field) => field.isRequired() && isEmpty(field));
  const names = left.map((field) => JSON.stringify(field.getName())).slice(0, 20);
  const note = left.length === 0 ? "" : `Required and still empty: ${names.join(", ")}.`;
  return { bytes, note };
}

function requireField(form: PDFForm, name: string): PDFField {
  const field = form.getFieldMaybe(name);
  if (field !== undefined) return field;
  const names = form.getFields().map((each) => JSON.stringify(each.getName()));
  throw new ToolError(
    `There is no field ${JSON.stringify(name)}. The fields are: ${names.slice(0, 40).join(", ")}.`,
  );
}

const isEmpty = (field: PDFField): boolean => {
  const { value } = describe(field);
  return value === "" || value === false || (Array.isArray(value) && value.length === 0);
};

function fill(field: PDFField, value: FieldValue): void {
  const name = JSON.stringify(field.getName());
  if (field instanceof PDFTextField) {
    const text = requireText(value, name);
    const max = field.getMaxLength() ?? FILES_LIMITS.formValueMaxChars;
    if (text.length > max) throw new ToolError(`The field ${name} takes at most ${max} characters.`);
    if (field.isRichFormatted()) field.disableRichFormatting();
    field.setText(text);
  } else if (field instanceof PDFCheckBox) {
    if (typeof value !== "boolean") throw new ToolError(`The field ${name} is a checkbox: true or false.`);
    if (value) field.check();
    else field.uncheck();
  } else if (field instanceof PDFRadioGroup) {
    field.select(requireOption(requireText(value, name), field.getOptions(), name));
  } else if (field instanceof PDFDropdown) {
    const text = requireText(value, name);
    field.select(field.isEditable() ? text : requireOption(text, field.getOptions(), name));
  } else if (field instanceof PDFOptionList) {
    const chosen = (Array.isArray(value) ? value : [requireText(value, name)]).map((text) =>
      requireOption(text, field.getOptions(), name),
    );
    if (chosen.length > 1) field.enableMultiselect();
    field.select(chosen);
  } else throw new ToolError(`The field ${name} is a button or a signature and cannot be filled.`);
}

function requireText(value: FieldValue, name: string): string {
  if (typeof value === "string") return value;
  throw new ToolError(`The field ${name} takes a text.`);
}

function requireOption(text: string, options: readonly string[], name: string): string {
  const option =
    options.find((each) => each === text) ??
    options.find((each) => each.trim().toLowerCase() === text.trim().toLowerCase());
  if (option !== undefined) return option;
  throw new ToolError(`The field ${name} takes one of ${JSON.stringify(options.slice(0, 50))}.`);
}
