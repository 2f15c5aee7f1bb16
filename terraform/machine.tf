# One small machine runs Dagster's daemon, its web server and the dashboard, as containers. It has no
# public address: operators connect through IAP. Its metadata name the image to run.
locals {
  home = "/mnt/disks/estore"

  # name → its command and the port that IAP may reach. The service `code` starts all runs,
  # so the daemon and the web server can see their state.
  containers = {
    code = {
      command = "dagster api grpc --host 0.0.0.0 --port 4000 -m estore.orchestration.definitions"
      port    = null
    }
    daemon = {
      command = "dagster-daemon run --grpc-host estore-code --grpc-port 4000"
      port    = null
    }
    webserver = {
      command = "python -m estore.orchestration.webserver --grpc-host estore-code --grpc-port 4000 --host 0.0.0.0 --port 3000"
      port    = 3000
    }
    dashboard = {
      command = "estore serve --host 0.0.0.0 --port 8321"
      port    = 8321
    }
  }

  environment = {
    ESTORE_TARGET           = "bigquery"
    ESTORE_BIGQUERY         = "${var.project}.${var.dataset}"
    ESTORE_LOCATION         = var.location
    ESTORE_MAX_BYTES_BILLED = format("%d", var.max_bytes_billed)
    ESTORE_LANDING          = "gs://${google_storage_bucket.landing.name}/"
  }

  files = merge(
    {
      "/etc/estore/switch-image"   = file("${path.module}/vm/switch-image")
      "/etc/estore/read-secrets"   = file("${path.module}/vm/read-secrets")
      "/etc/estore/prepare-disk"   = file("${path.module}/vm/prepare-disk")
      "/etc/estore/environment"    = join("", [for name, value in local.environment : "${name}=${value}\n"])
      "/etc/estore/secret-names"   = join("", [for name in keys(local.secrets) : "estore-${name}\n"])
      "/etc/estore/project"        = var.project
      "/etc/estore/landing-bucket" = google_storage_bucket.landing.name
      "/etc/estore/registry-host"  = "${var.region}-docker.pkg.dev"

      "/etc/systemd/system/estore-image.service" = templatefile("${path.module}/vm/image.service.tftpl", {
        containers = keys(local.containers)
      })
    },
    {
      for name, container in local.containers :
      "/etc/systemd/system/estore-${name}.service" => templatefile("${path.module}/vm/container.service.tftpl", {
        name    = name
        command = container.command
        port    = container.port
        home    = local.home
      })
    },
  )

  cloud_config = {
    write_files = [
      for path, content in local.files : { path = path, permissions = "0644", content = content }
    ]
    runcmd = [
      "bash /etc/estore/prepare-disk",
      "systemctl daemon-reload",
      "systemctl start estore-image.service",
    ]
  }
}

data "google_compute_image" "cos" {
  family  = "cos-stable"
  project = "cos-cloud"
}

resource "google_compute_disk" "home" {
  #checkov:skip=CKV_GCP_37:Google's own keys suffice here; README.md says how to bring your own
  name    = "estore-home"
  project = var.project
  zone    = var.zone
  type    = "pd-balanced"
  size    = var.disk_gb

  depends_on = [google_project_service.this]
}

resource "google_compute_resource_policy" "daily" {
  name    = "estore-daily"
  project = var.project
  region  = var.region

  snapshot_schedule_policy {
    schedule {
      daily_schedule {
        days_in_cycle = 1
        start_time    = "03:00"
      }
    }
    retention_policy {
      max_retention_days    = 14
      on_source_disk_delete = "KEEP_AUTO_SNAPSHOTS"
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_compute_disk_resource_policy_attachment" "daily" {
  name    = google_compute_resource_policy.daily.name
  project = var.project
  zone    = var.zone
  disk    = google_compute_disk.home.name
}

resource "google_compute_instance" "this" {
  #checkov:skip=CKV_GCP_38:Google's own keys suffice here; README.md says how to bring your own
  name                      = "estore"
  project                   = var.project
  zone                      = var.zone
  machine_type              = var.machine_type
  allow_stopping_for_update = true
  deletion_protection       = true

  boot_disk {
    initialize_params {
      image = data.google_compute_image.cos.self_link
      size  = 20
      type  = "pd-balanced"
    }
  }

  attached_disk {
    source      = google_compute_disk.home.id
    device_name = "estore-home"
  }

  # No access_config: no public address.
  network_interface {
    subnetwork = google_compute_subnetwork.this.id
  }

  service_account {
    email  = google_service_account.pipeline.email
    scopes = ["cloud-platform"]
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  metadata = {
    block-project-ssh-keys  = "TRUE"
    enable-oslogin          = "TRUE"
    enable-guest-attributes = "TRUE"
    google-logging-enabled  = "true"
    serial-port-enable      = "FALSE"
    estore-image            = var.image
    user-data               = "#cloud-config\n${yamlencode(local.cloud_config)}"
  }

  lifecycle {
    # Deployments set the image. A newer COS is used when the machine is recreated.
    ignore_changes = [metadata["estore-image"], boot_disk[0].initialize_params[0].image]
  }
}

resource "google_artifact_registry_repository" "images" {
  #checkov:skip=CKV_GCP_84:Google's own keys suffice here; README.md says how to bring your own
  project       = var.project
  location      = var.region
  repository_id = "estore"
  format        = "DOCKER"
  description   = "Deployed container images."

  docker_config {
    immutable_tags = true
  }

  # Keep twenty images for rollbacks; delete others after 90 days.
  cleanup_policies {
    id     = "keep-the-last"
    action = "KEEP"
    most_recent_versions {
      keep_count = 20
    }
  }
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "7776000s"
    }
  }

  depends_on = [google_project_service.this]
}
