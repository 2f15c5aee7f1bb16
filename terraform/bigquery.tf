resource "google_bigquery_dataset" "this" {
  #checkov:skip=CKV_GCP_81:Google's own keys suffice here; README.md says how to bring your own
  for_each = local.schemas

  project       = var.project
  dataset_id    = "${var.dataset}_${each.key}"
  location      = var.location
  description   = each.value
  friendly_name = "${var.dataset} ${each.key}"

  # A destroy stops at a dataset with tables.
  delete_contents_on_destroy = false
  # Time during which deleted or overwritten rows can be restored.
  max_time_travel_hours = 168

  depends_on = [google_project_service.this]
}
