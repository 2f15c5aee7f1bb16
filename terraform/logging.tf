# The machine's logs have their own bucket and retention. Reads and writes of the data are audited.
resource "google_logging_project_bucket_config" "pipeline" {
  project        = var.project
  location       = "global"
  bucket_id      = "estore"
  description    = "The pipeline's logs"
  retention_days = var.log_days

  depends_on = [google_project_service.this]
}

resource "google_logging_project_sink" "pipeline" {
  name        = "estore"
  project     = var.project
  destination = "logging.googleapis.com/${google_logging_project_bucket_config.pipeline.id}"
  filter      = "resource.type=\"gce_instance\" AND resource.labels.instance_id=\"${google_compute_instance.this.instance_id}\""

  unique_writer_identity = true
}

resource "google_project_iam_audit_config" "data" {
  for_each = toset(["secretmanager.googleapis.com", "storage.googleapis.com"])

  project = var.project
  service = each.value

  audit_log_config {
    log_type = "DATA_READ"
  }
  audit_log_config {
    log_type = "DATA_WRITE"
  }
}

resource "google_monitoring_notification_channel" "email" {
  count = var.alert_email == null ? 0 : 1

  project      = var.project
  display_name = "estore"
  type         = "email"

  labels = {
    email_address = var.alert_email
  }

  depends_on = [google_project_service.this]
}

# Dagster's own alerts name the file or model. These alerts are for when Dagster itself does not run.
resource "google_monitoring_alert_policy" "containers" {
  count = var.alert_email == null ? 0 : 1

  project               = var.project
  display_name          = "estore: an image failed, or a container keeps restarting"
  combiner              = "OR"
  notification_channels = google_monitoring_notification_channel.email[*].id

  conditions {
    display_name = "errors in the machine's journal"
    condition_matched_log {
      filter = join(" AND ", [
        "resource.type=\"gce_instance\"",
        "resource.labels.instance_id=\"${google_compute_instance.this.instance_id}\"",
        "jsonPayload.MESSAGE=~\"^failed |estore-.*service: Main process exited\"",
      ])
    }
  }

  alert_strategy {
    auto_close = "86400s"
    notification_rate_limit {
      period = "3600s"
    }
  }
}

resource "google_monitoring_alert_policy" "silence" {
  count = var.alert_email == null ? 0 : 1

  project               = var.project
  display_name          = "estore: the machine sends no metrics"
  combiner              = "OR"
  notification_channels = google_monitoring_notification_channel.email[*].id

  conditions {
    display_name = "no CPU figures for 10 minutes"
    condition_absent {
      filter = join(" AND ", [
        "resource.type=\"gce_instance\"",
        "resource.labels.instance_id=\"${google_compute_instance.this.instance_id}\"",
        "metric.type=\"compute.googleapis.com/instance/cpu/utilization\"",
      ])
      duration = "600s"
      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_MEAN"
      }
    }
  }
}
